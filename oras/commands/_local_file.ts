import type { Algorithm } from "../../digest/algorithm.ts";
import type { Digest } from "../../digest/digest.ts";
import { createHasher } from "../../digest/hasher.ts";
import { CommandError } from "./_errors.ts";
import { readStdin, untilAborted } from "./_stdin.ts";

/** A file, or stdin, open for reading. */
export interface LocalFile extends Disposable {
  /** Reads into a buffer; gives how much, or null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** What arrived, hashed. */
export interface HashedContent {
  /** Its digest. */
  readonly digest: Digest;
  /** Its size in bytes. */
  readonly size: number;
}

const BUFFER_SIZE = 1 << 20;

/** Opens a file that a command names; `-` is stdin. */
export async function openLocal(
  path: string,
  signal: AbortSignal,
): Promise<LocalFile> {
  if (path === "-") {
    return {
      read: (buffer) => readStdin(buffer, signal),
      [Symbol.dispose]() {},
    };
  }
  try {
    const file = await untilAborted(
      () => Deno.open(path),
      signal,
      (file) => file.close(),
    );
    return {
      async read(buffer) {
        try {
          return await untilAborted(() => file.read(buffer), signal);
        } catch (cause) {
          signal.throwIfAborted();
          throw unreadable(path, cause);
        }
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (cause) {
    signal.throwIfAborted();
    throw unreadable(path, cause);
  }
}

/** Whether a path is a directory; stdin is none. */
export async function isDirectory(path: string): Promise<boolean> {
  if (path === "-") return false;
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Refuses what is no directory. */
export async function requireDirectory(path: string): Promise<void> {
  if (!await isDirectory(path)) {
    throw new CommandError(`${path} is not a directory`);
  }
}

/** Reads a whole file, but no more than one byte over a limit. */
export async function readLocal(
  path: string,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  using file = await openLocal(path, signal);
  let held = new Uint8Array(64 * 1024);
  let size = 0;
  while (size <= limit) {
    signal.throwIfAborted();
    if (size === held.byteLength) {
      const larger = new Uint8Array(Math.min(2 * size, limit + 1));
      larger.set(held);
      held = larger;
    }
    const count = await file.read(held.subarray(size));
    if (count === null) break;
    size += count;
  }
  return held.subarray(0, size);
}

/** Hashes a file while it is read ahead. */
export async function hashLocal(
  path: string,
  algorithm: Algorithm,
  signal: AbortSignal,
): Promise<HashedContent> {
  const hasher = createHasher(algorithm);
  using file = await openLocal(path, signal);
  let [buffer, other] = [
    new Uint8Array(BUFFER_SIZE),
    new Uint8Array(BUFFER_SIZE),
  ] as const;
  let size = 0;
  let pending = file.read(buffer);
  while (true) {
    const count = await pending;
    if (count === null) return { digest: await hasher.digest(), size };
    signal.throwIfAborted();
    const piece = buffer.subarray(0, count);
    [buffer, other] = [other, buffer];
    pending = file.read(buffer);
    // Whoever waits for it sees its failure; here another one may come first.
    pending.catch(() => {});
    const hashing = hasher.update(piece);
    if (hashing !== undefined) await hashing;
    size += count;
  }
}

/** A file as a byte stream, which closes it at its end and when it is cancelled. */
export async function streamLocal(
  path: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const file = await openLocal(path, signal);
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 256 * 1024,
    async pull(controller) {
      const request = controller.byobRequest!;
      const view = request.view as Uint8Array<ArrayBuffer>;
      try {
        const count = await file.read(view);
        if (count !== null) return request.respond(count);
      } catch (error) {
        file[Symbol.dispose]();
        throw error;
      }
      file[Symbol.dispose]();
      controller.close();
      request.respond(0);
    },
    cancel() {
      file[Symbol.dispose]();
    },
  });
}

function unreadable(path: string, cause: unknown): CommandError {
  return new CommandError(`open ${path}: ${reason(cause)}`, { cause });
}

function reason(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "no such file or directory";
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (cause instanceof Deno.errors.IsADirectory) return "is a directory";
  return cause instanceof Error ? cause.message : String(cause);
}
