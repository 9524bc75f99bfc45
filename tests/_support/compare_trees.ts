import { join } from "node:path";

/**
 * Compares files and folders below two folders byte for byte, with kinds, link
 * targets and the owner's right to run them, and says where they differ.
 */
export async function compareTrees(
  expected: string,
  actual: string,
  paths: readonly string[],
): Promise<string[]> {
  const all = new Set([...paths, ...await namesOf(actual, ".")]);
  const found = [...all].sort().map((path) => compare(expected, actual, path));
  return (await Promise.all(found)).flat();
}

async function compare(
  expected: string,
  actual: string,
  path: string,
): Promise<string[]> {
  const [a, b] = await Promise.all([
    kindOf(join(expected, path)),
    kindOf(join(actual, path)),
  ]);
  if (a !== b) return [`${path}: ${a} came back as ${b}`];
  if (a === "folder") {
    const names = await namesOf(expected, path);
    return await compareTrees(
      join(expected, path),
      join(actual, path),
      names,
    ).then((found) => found.map((text) => `${path}/${text}`));
  }
  if (!a.endsWith("file")) return [];
  const [x, y] = await Promise.all([
    Deno.readFile(join(expected, path)),
    Deno.readFile(join(actual, path)),
  ]);
  const same = x.length === y.length && x.every((byte, at) => byte === y[at]);
  return same ? [] : [`${path}: the contents differ`];
}

async function kindOf(path: string): Promise<string> {
  try {
    const info = await Deno.lstat(path);
    if (info.isSymlink) return `link to ${await Deno.readLink(path)}`;
    if (info.isDirectory) return "folder";
    const runs = info.mode !== null && (info.mode & 0o100) !== 0;
    return runs ? "program file" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "nothing";
    throw error;
  }
}

async function namesOf(folder: string, path: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(folder, path)));
  return entries.map(({ name }) => name);
}
