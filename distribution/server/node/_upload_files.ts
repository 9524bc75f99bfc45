import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { byobReader, tapStream } from "../../../digest/_tap_stream.ts";
import { FileLock } from "../../node/_file_lock.ts";
import { openOutputFile, type OutputFile } from "../../node/_output_file.ts";
import { RequestError, uploadUnknown } from "../request_error.ts";
import { fileStream } from "./_file_stream.ts";
import { fileState, isMissing, remove, syncFile } from "./_files.ts";
import { openInputFile } from "./_input_file.ts";
import type { Paths } from "./_paths.ts";

const SMALL_BUFFER = 64 * 1024;
const LARGE_BUFFER = 1024 * 1024;
/** How often whoever works on an upload shows it, in milliseconds: far more often than a lock gets stale. */
const HEARTBEAT = 5000;

/** The unfinished uploads below a root: one file each, outside of every layout. */
export class UploadFiles {
  readonly #paths: Paths;

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  /** Begins an upload. */
  async create(repository: string): Promise<string> {
    const id = crypto.randomUUID();
    const path = this.#paths.upload(repository, id)!;
    await mkdir(this.#paths.uploads, { recursive: true });
    await (await open(path, "wx", 0o644)).close();
    return id;
  }

  /** How many bytes of an upload are kept. */
  async size(repository: string, upload: string): Promise<number | undefined> {
    const path = this.#paths.upload(repository, upload);
    return path === undefined ? undefined : (await fileState(path))?.size;
  }

  /** Adds to an upload, and gives the size that is then kept. */
  write(
    repository: string,
    upload: string,
    offset: number,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<number> {
    return this.#claim(repository, upload, async (path) => {
      if ((await fileState(path))?.size !== offset) throw changed();
      const file = await openOutputFile(path, { position: offset });
      try {
        return await append(file, offset, body);
      } finally {
        await file.close();
      }
    });
  }

  /** Reads what is kept of an upload. */
  async read(
    repository: string,
    upload: string,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const path = this.#paths.upload(repository, upload);
    const state = path && await fileState(path);
    const file = path && state && await openInputFile(path, state, 0);
    if (!state || !file) throw uploadUnknown();
    return fileStream(file, state.size);
  }

  /** Hands a finished upload over as a file whose content is durable. */
  finish(
    repository: string,
    upload: string,
    size: number,
    take: (path: string) => Promise<void>,
  ): Promise<void> {
    return this.#claim(repository, upload, async (path) => {
      if ((await fileState(path))?.size !== size) throw changed();
      await syncFile(path);
      await take(path);
    });
  }

  /** Drops an upload. */
  async delete(repository: string, upload: string): Promise<boolean> {
    const path = this.#paths.upload(repository, upload);
    return path !== undefined && await remove(path);
  }

  /** Drops whatever was last written before a time. */
  async expire(before: number): Promise<void> {
    let names: string[];
    try {
      names = await readdir(this.#paths.uploads);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    for (const name of names) {
      const path = join(this.#paths.uploads, name);
      const state = await fileState(path);
      if (state?.isFile && state.changed < before) await remove(path);
    }
  }

  /**
   * Works on an upload while no other process does: two writers could otherwise
   * put bytes under a digest that one of them had checked before.
   */
  async #claim<Result>(
    repository: string,
    upload: string,
    work: (path: string) => Promise<Result>,
  ): Promise<Result> {
    const path = this.#paths.upload(repository, upload);
    if (path === undefined) throw uploadUnknown();
    const lock = await take(`${path}.lock`);
    if (lock === undefined) throw changed();
    const heart = setInterval(() => {
      lock.refresh().catch(() => {});
    }, HEARTBEAT);
    try {
      if (await fileState(path) === undefined) throw uploadUnknown();
      return await work(path);
    } finally {
      clearInterval(heart);
      await lock.release();
    }
  }
}

async function take(path: string): Promise<FileLock | undefined> {
  try {
    return await FileLock.take(path);
  } catch (error) {
    throw isMissing(error) ? uploadUnknown() : error;
  }
}

function changed(): RequestError {
  return new RequestError(
    409,
    "BLOB_UPLOAD_INVALID",
    "Another request works on this upload",
  );
}

/**
 * Writes a body to the end of a file. One piece is being written while the next
 * is read, which keeps both the line and the disk busy with two buffers.
 *
 * What arrived of a body that breaks off is kept: the client may go on. Where the
 * disk refuses a piece, all of the body is dropped, so that a full disk does not
 * stay full of it.
 */
async function append(
  file: OutputFile,
  offset: number,
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<number> {
  const reader = byobReader(body) ??
    byobReader(tapStream(body, { chunk() {} }))!;
  let position = offset;
  let writing: Promise<Uint8Array<ArrayBuffer>> | undefined;
  let buffer = new Uint8Array(SMALL_BUFFER);
  let refused = false;
  try {
    while (true) {
      const { value, done } = await reader.read(buffer);
      // The buffer of the write before is free once that has ended.
      const free = await writing;
      writing = undefined;
      if (done) return position;
      position += value.byteLength;
      const full = value.byteLength === value.buffer.byteLength;
      buffer = nextBuffer(free, full);
      writing = writeFully(file, value);
      // Its failure is seen when it is awaited, which is not yet.
      writing.catch(() => refused = true);
    }
  } catch (error) {
    await writing?.catch(() => {});
    if (refused) await file.truncate(offset).catch(() => {});
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** A small body needs no large buffer: only one that fills the small ones gets it. */
function nextBuffer(
  free: Uint8Array<ArrayBuffer> | undefined,
  full: boolean,
): Uint8Array<ArrayBuffer> {
  const large = full || free?.byteLength === LARGE_BUFFER;
  const size = large ? LARGE_BUFFER : SMALL_BUFFER;
  return free?.byteLength === size ? free : new Uint8Array(size);
}

/** Writes a piece, and gives its whole buffer back. */
async function writeFully(
  file: OutputFile,
  piece: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  await file.write(piece);
  return new Uint8Array(piece.buffer);
}
