/** The steps that `distribution/README.md` shows, with another registry than ours. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";

const ROOT = new URL("../../", import.meta.url);
const SERVE = "await using server = await serve(createRegistry());";

/** The first program below a heading. */
async function programOf(heading: string): Promise<string> {
  const text = await Deno.readTextFile(new URL("distribution/README.md", ROOT));
  const section = text.slice(text.indexOf(`\n## ${heading}\n`));
  const program = /^```ts\n([\s\S]*?)^```/m.exec(section)?.[1];
  assert(program !== undefined && program.includes(SERVE), heading);
  return program;
}

for (const heading of ["Reggie", "Nothing but fetch"]) {
  Deno.test({
    name: `docker-registry takes the steps of the README, "${heading}"`,
    ignore: !found("docker-registry"),
    async fn() {
      await using registry = await startDockerRegistry();
      const server = `const server = { url: "http://${registry.host}" };`;
      const program = (await programOf(heading)).replace(SERVE, server);
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", "-"],
        cwd: fileURLToPath(ROOT),
        stdin: "piped",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(program));
      await writer.close();
      const { code, stderr } = await child.output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    },
  });
}
