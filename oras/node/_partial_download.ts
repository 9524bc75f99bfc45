import type { Stats } from "node:fs";
import { lstat, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../../digest/_error_code.ts";
import { byteReader, tapStream } from "../../digest/_tap_stream.ts";
import { Digest } from "../../digest/digest.ts";
import { DigestMismatchError } from "../../digest/errors.ts";
import { createHasher, type Hasher } from "../../digest/hasher.ts";
import { openOutputFile } from "../../distribution/node/_output_file.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { publish, randomName } from "./_temporary_file.ts";
import { writeStream } from "./_write_stream.ts";
import { fileSource } from "./file_source.ts";

/** Less than this is not worth keeping. */
const WORTH_KEEPING = 64 * 1024;
const BLOCK = 1024 * 1024;

/** How a partial download is begun. */
export interface BeginOptions {
  /** Whether to begin with nothing, whatever is there. */
  readonly fresh: boolean;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** What another run left behind, as it was when this one began. */
interface Leftover {
  readonly path: string;
  readonly seen: Stats;
}

/**
 * The beginning of a file that an interrupted download keeps for the next one, in
 * `.gantry-<digest>.part` beside the file.
 *
 * Whoever goes on with it takes it first, by renaming it to a name of his own: so two
 * at once never write one file. A process that was killed leaves a file of such a
 * name behind; its owner may still live, so it is copied and not taken, and removed
 * at the end if nobody has written to it meanwhile. All that is taken or copied is
 * hashed, and no link is followed.
 */
export class PartialDownload {
  /** The bytes that are there already. */
  readonly offset: number;
  readonly #descriptor: Descriptor;
  readonly #path: string;
  readonly #kept: string;
  readonly #hasher: Hasher;
  readonly #leftovers: readonly Leftover[];

  private constructor(
    descriptor: Descriptor,
    paths: { readonly own: string; readonly kept: string },
    start: { readonly offset: number; readonly hasher: Hasher },
    leftovers: readonly Leftover[],
  ) {
    this.#descriptor = descriptor;
    this.#path = paths.own;
    this.#kept = paths.kept;
    this.offset = start.offset;
    this.#hasher = start.hasher;
    this.#leftovers = leftovers;
  }

  /** Begins with what is there of a blob in the directory of a file. */
  static async begin(
    target: string,
    descriptor: Descriptor,
    { fresh, signal }: BeginOptions,
  ): Promise<PartialDownload> {
    const folder = dirname(target);
    const { algorithm, encoded } = Digest.parse(descriptor.digest);
    const prefix = `.gantry-${algorithm}-${encoded.slice(0, 32)}.`;
    const kept = join(folder, `${prefix}part`);
    const paths = { kept, own: join(folder, `${prefix}${randomName()}.part`) };
    const nothing = { offset: 0, hasher: createHasher(algorithm) };
    const leftovers = await findLeftovers(folder, prefix, descriptor.size);
    if (fresh) {
      return new PartialDownload(descriptor, paths, nothing, leftovers);
    }
    try {
      if (await take(kept, paths.own, descriptor.size)) {
        const start = await hashFile(paths.own, algorithm, signal);
        return new PartialDownload(descriptor, paths, start, leftovers);
      }
      const [largest] = leftovers.toSorted((a, b) => b.seen.size - a.seen.size);
      if (largest !== undefined) {
        const start = await copyFile(largest, paths.own, algorithm, signal);
        return new PartialDownload(descriptor, paths, start, leftovers);
      }
    } catch (error) {
      await rm(paths.own, { force: true });
      signal?.throwIfAborted();
      // What cannot be read is no help, and no harm.
      if (errorCode(error) === undefined) throw error;
    }
    return new PartialDownload(descriptor, paths, nothing, leftovers);
  }

  /** Adds the rest. */
  async write(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly onBytes: (bytes: number) => void;
    },
  ): Promise<void> {
    const { offset } = this;
    const { onBytes, signal } = options;
    let file;
    try {
      file = await openOutputFile(
        this.#path,
        offset === 0 ? {} : { position: offset },
      );
    } catch (error) {
      await stream.cancel(error).catch(() => {});
      throw error;
    }
    try {
      // From its beginning a blob is verified on the way here.
      const checked = offset === 0
        ? stream
        : tapStream(stream, { chunk: (chunk) => this.#hasher.update(chunk) });
      await writeStream(checked, file, {
        size: this.#descriptor.size - offset,
        onBytes: (bytes) => onBytes(offset + bytes),
        signal,
      });
    } finally {
      await file.close();
    }
    if (offset > 0) await this.#verify();
  }

  /** Gives the file its name, and removes what earlier runs have left. */
  async publish(
    target: string,
    options: { readonly overwrite?: boolean | undefined },
  ): Promise<void> {
    await publish(this.#path, target, options);
    for (const { path, seen } of this.#leftovers) {
      const now = await lstat(path).catch(() => undefined);
      if (now?.mtimeMs === seen.mtimeMs && now.size === seen.size) {
        await rm(path, { force: true });
      }
    }
  }

  /** Whether a failure comes of another run, which took this one for dead and removed its file. */
  async wasRemoved(error: unknown): Promise<boolean> {
    return errorCode(error) === "ENOENT" &&
      await lstat(this.#path).catch(() => undefined) === undefined;
  }

  /** Keeps what there is for the next run, where that is worth it. */
  async keep(): Promise<void> {
    const found = await lstat(this.#path).catch(() => undefined);
    if (found === undefined) return;
    if (found.size < WORTH_KEEPING) return await this.discard();
    await rename(this.#path, this.#kept).catch(() => this.discard());
  }

  /** Removes what there is. */
  async discard(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async #verify(): Promise<void> {
    const { digest } = this.#descriptor;
    const actual = String(await this.#hasher.digest());
    if (actual !== digest) throw new DigestMismatchError(digest, actual);
  }
}

/** Whether a path is a plain file of one name that may be the beginning of a content. */
function isPart(found: Stats | undefined, size: number): found is Stats {
  return found !== undefined && found.isFile() && found.nlink <= 1 &&
    found.size > 0 && found.size <= size;
}

async function take(from: string, to: string, size: number): Promise<boolean> {
  const look = (path: string) => lstat(path).catch(() => undefined);
  if (!isPart(await look(from), size)) return false;
  try {
    await rename(from, to);
  } catch {
    // Somebody else was faster.
    return false;
  }
  if (isPart(await look(to), size)) return true;
  await rm(to, { force: true });
  return false;
}

async function findLeftovers(
  folder: string,
  prefix: string,
  size: number,
): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix) || !/\.[0-9a-f]{12}\.part$/.test(name)) {
      continue;
    }
    const path = join(folder, name);
    const seen = await lstat(path).catch(() => undefined);
    if (isPart(seen, size)) found.push({ path, seen });
  }
  return found;
}

async function hashFile(
  path: string,
  algorithm: string,
  signal: AbortSignal | undefined,
): Promise<{ offset: number; hasher: Hasher }> {
  const hasher = createHasher(algorithm);
  const source = await fileSource(path);
  const reader = byteReader(await source.open());
  try {
    while (true) {
      signal?.throwIfAborted();
      const { value, done } = await reader.read(new Uint8Array(BLOCK));
      if (done) return { offset: source.size, hasher };
      await hasher.update(value);
    }
  } finally {
    await reader.cancel();
  }
}

async function copyFile(
  { path }: Leftover,
  to: string,
  algorithm: string,
  signal: AbortSignal | undefined,
): Promise<{ offset: number; hasher: Hasher }> {
  const hasher = createHasher(algorithm);
  const source = await fileSource(path);
  const file = await openOutputFile(to);
  try {
    const tapped = tapStream(await source.open(), {
      chunk: (chunk) => hasher.update(chunk),
    });
    await writeStream(tapped, file, { signal });
  } finally {
    await file.close();
  }
  return { offset: source.size, hasher };
}
