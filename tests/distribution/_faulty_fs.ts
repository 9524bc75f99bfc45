/**
 * `node:fs/promises` as it is where a process dies or a disk fails: an import map
 * puts it in the place of the real one.
 */
import * as real from "node:fs/promises";

export * from "node:fs/promises";

/** What shall fail. Operations that change something are counted from 1. */
export const faults = {
  /** The operation that fails; 0 for none. */
  at: 0,
  /** Whether all later ones fail too, as those of a process that was killed. */
  dead: false,
  /** How many there have been. */
  count: 0,
  /** The name of the one that failed first. */
  failed: "",
  /** Begins to count anew. */
  arm(at: number, dead: boolean): void {
    Object.assign(this, { at, dead, count: 0, failed: "" });
  },
};

function fails(name: string): boolean {
  const { at, dead } = faults;
  const count = ++faults.count;
  const now = at > 0 && (count === at || dead && count > at);
  if (now && count === at) faults.failed = name;
  return now;
}

function failure(): Error {
  return Object.assign(new Error("ENOSPC: injected"), { code: "ENOSPC" });
}

// deno-lint-ignore no-explicit-any -- any operation of the module
function faulty<Operation extends (...args: any[]) => Promise<unknown>>(
  name: string,
  operation: Operation,
): Operation {
  return (async (...args: Parameters<Operation>) => {
    if (fails(name)) throw failure();
    return await operation(...args);
  }) as Operation;
}

export const link: typeof real.link = faulty("link", real.link);
export const mkdir: typeof real.mkdir = faulty("mkdir", real.mkdir);
export const rename: typeof real.rename = faulty("rename", real.rename);
export const unlink: typeof real.unlink = faulty("unlink", real.unlink);
export const writeFile: typeof real.writeFile = faulty(
  "writeFile",
  real.writeFile,
);
export const copyFile: typeof real.copyFile = faulty("copyFile", real.copyFile);

const writeByDeno = Deno.FsFile.prototype.write;
Deno.FsFile.prototype.write = async function (piece: Uint8Array) {
  if (!fails("write")) return await writeByDeno.call(this, piece);
  // A write that is torn.
  await writeByDeno.call(this, piece.subarray(0, piece.length >> 1));
  throw failure();
};

/** Opens a file whose writes can fail in the middle. */
export async function open(
  ...args: Parameters<typeof real.open>
): Promise<real.FileHandle> {
  const creates = String(args[1] ?? "r").includes("w");
  if (creates && fails("create")) throw failure();
  const file = await real.open(...args);
  const writeWhole = file.writeFile.bind(file);
  file.writeFile = (async (bytes: Uint8Array) => {
    if (!fails("writeFile")) return await writeWhole(bytes);
    await writeWhole(bytes.subarray(0, bytes.length >> 1));
    throw failure();
  }) as typeof file.writeFile;
  file.sync = faulty("sync", file.sync.bind(file));
  return file;
}
