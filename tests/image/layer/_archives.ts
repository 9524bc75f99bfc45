import { packTar, type TarHeader } from "modern-tar";
import { chmod, mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { lstat, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An entry to craft: a header that may say anything, and a content. */
export type Entry = Partial<TarHeader> & {
  readonly name: string;
  readonly content?: string | Uint8Array;
};

/** An archive with exactly these entries. */
export async function archive(
  entries: readonly Entry[],
): Promise<Uint8Array<ArrayBuffer>> {
  return await packTar(entries.map(({ content = "", ...header }) => {
    const body = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    return {
      header: {
        mtime: new Date(1_700_000_000_000),
        ...header,
        size: header.size ?? body.byteLength,
      },
      body,
    };
  }));
}

/** A stream of bytes, in pieces of an odd size so that nothing falls on a border. */
export function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
  step = 1000,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.slice(offset, offset += step));
    },
  });
}

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
