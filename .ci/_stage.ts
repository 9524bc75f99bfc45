import { dirname } from "node:path";
import { listFiles, readProject, ROOT } from "./_project.ts";

const LEFT_OUT: ReadonlySet<string> = new Set([
  ".git",
  ".bin",
  ".std",
  "deno.lock",
  "node_modules",
]);

/**
 * Copies the project to `target` as it is published: with `@std` from JSR, so
 * without `links`, the adapters they lead to, and the lock file that names them.
 */
export async function stageWithoutLinks(target: string): Promise<void> {
  for (const path of await listFiles(ROOT, LEFT_OUT)) {
    await Deno.mkdir(dirname(`${target}/${path}`), { recursive: true });
    await Deno.copyFile(`${ROOT}/${path}`, `${target}/${path}`);
  }
  const project = await readProject(target);
  delete project.links;
  const text = JSON.stringify(project, null, 2) + "\n";
  await Deno.writeTextFile(`${target}/deno.json`, text);
}
