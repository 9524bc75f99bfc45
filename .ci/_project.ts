/** What the scripts of this folder know of the project. */

import { fileURLToPath } from "node:url";

/** The project's top folder. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));

/** The part of `deno.json` that the scripts read. */
export interface Project {
  /** The package's name. */
  name: string;
  /** The package's version. */
  version: string;
  /** Entry files by export. */
  exports: Record<string, string>;
  /** Folders whose packages stand in for those of the same name. */
  links?: string[];
}

/** Reads `deno.json`. */
export async function readProject(root: string = ROOT): Promise<Project> {
  return JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
}

/** Runs this Deno, its output on ours, and gives its exit code. */
export async function deno(
  args: string[],
  cwd: string = ROOT,
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args, cwd }).spawn();
  return (await child.status).code;
}

/** The files below a folder as paths from there, in order, `skip` left out. */
export async function listFiles(
  root: string,
  skip: ReadonlySet<string>,
  folder: string = "",
): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(`${root}/${folder}`)) {
    const path = folder + entry.name;
    if (skip.has(entry.name) || skip.has(path)) continue;
    if (entry.isDirectory) {
      files.push(...await listFiles(root, skip, `${path}/`));
    } else if (entry.isFile) {
      files.push(path);
    }
  }
  return files.sort();
}
