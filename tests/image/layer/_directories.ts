import {
  chmod,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that is gone after the block. */
export async function temporaryDirectory(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = await mkdtemp(join(tmpdir(), "gantry-test-"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await unlock(path);
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function unlock(path: string): Promise<void> {
  for (const child of await readdir(path, { withFileTypes: true })) {
    if (!child.isDirectory()) continue;
    await chmod(join(path, child.name), 0o700);
    await unlock(join(path, child.name));
  }
}

/** A tree as a record: contents of files, `-> target` of links, `/` of directories. */
export async function tree(path: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  async function walk(folder: string, name: string): Promise<void> {
    for (const child of (await readdir(folder)).sort()) {
      const place = join(folder, child);
      const key = name === "" ? child : `${name}/${child}`;
      const stats = await lstat(place);
      if (stats.isSymbolicLink()) found[key] = `-> ${await readlink(place)}`;
      else if (stats.isDirectory()) {
        found[key] = "/";
        await walk(place, key);
      } else found[key] = await readFile(place, "utf8");
    }
  }
  await walk(path, "");
  return found;
}
