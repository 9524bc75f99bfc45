import { closeSync, readSync } from "node:fs";
import { encodeHeader, type WrittenHeader } from "../_tar_header.ts";
import { openInput, openInputFile } from "./_input_file.ts";
import { changed, explain } from "./_refusal.ts";
import type { Found } from "./_walk.ts";

/** The size of the pieces given out. */
const PIECE = 1024 * 1024;
const BLOCK = 512;
/** Files above this are read without stopping the event loop. */
const SMALL = 256 * 1024;
/** How many pieces are kept for further use. */
const SPARE = 4;

/** Gathers a tar's bytes in pieces of one size. */
export class Blocks {
  #buffer = new Uint8Array(PIECE);
  #used = 0;
  #full: Uint8Array<ArrayBuffer>[] = [];
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** Gives out the pieces that are complete. */
  take(): readonly Uint8Array<ArrayBuffer>[] {
    if (this.#full.length === 0) return NONE;
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** Gives out all that is left. */
  end(): readonly Uint8Array<ArrayBuffer>[] {
    const full = [...this.take()];
    if (this.#used > 0) full.push(this.#buffer.subarray(0, this.#used));
    return full;
  }

  /** Takes back a piece that nobody needs any more. Fresh memory costs more than the work on it. */
  recycle(piece: Uint8Array<ArrayBuffer>): void {
    if (piece.byteLength === PIECE && this.#spare.length < SPARE) {
      this.#spare.push(piece);
    }
  }

  /** Adds an entry's header. Only whole blocks may stand before it. */
  addHeader(header: WrittenHeader): void {
    const room = this.#buffer.subarray(this.#used, this.#used + BLOCK).fill(0);
    const bytes = encodeHeader(header, room);
    if (bytes === room) this.#advance(BLOCK);
    else this.#add(bytes);
  }

  /** Adds what ends a tar. */
  addEnd(): void {
    this.#fill(2 * BLOCK);
  }

  /** Adds a file's content and what fills its last block of the tar. */
  addFile(
    found: Found,
    signal: AbortSignal | undefined,
  ): AsyncIterable<Uint8Array<ArrayBuffer>> | undefined {
    if (found.size > SMALL) return this.#addLarge(found, signal);
    this.#addSmall(found);
    return undefined;
  }

  #addSmall({ path, size }: Found): void {
    const file = openInput(path);
    try {
      // One byte more is asked for, so that a file that grew shows itself.
      const fits = this.#used + size < PIECE;
      const buffer = fits ? this.#buffer : new Uint8Array(size + 1);
      const start = fits ? this.#used : 0;
      let count = 0;
      while (count < size + 1) {
        const left = size + 1 - count;
        const read = fill(file, buffer, start + count, left, path);
        if (read === 0) break;
        count += read;
        if (count === size) break;
      }
      if (count !== size) throw changed(path);
      if (fits) this.#advance(size);
      else this.#add(buffer.subarray(0, size));
    } finally {
      closeSync(file);
    }
    this.#fill(-size & (BLOCK - 1));
  }

  async *#addLarge(
    found: Found,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { path, size } = found;
    const file = await openInputFile(found);
    // The next piece is read while the one before is worked on.
    let reading: Promise<number> | undefined;
    const read = (left: number): Promise<number> => {
      const end = Math.min(this.#used + left, PIECE);
      reading = file.read(this.#buffer.subarray(this.#used, end));
      // It may fail before anybody waits for it.
      reading.catch(() => {});
      return reading;
    };
    try {
      if (await file.size() !== size) throw changed(path);
      let next = read(size);
      for (let left = size; left > 0;) {
        const count = await next;
        if (count === 0) throw changed(path);
        left -= count;
        this.#advance(count);
        if (left > 0) next = read(left);
        yield* this.take();
        signal?.throwIfAborted();
      }
      if (await file.size() !== size) throw changed(path);
    } finally {
      await reading?.catch(() => {});
      await file.close();
    }
    this.#fill(-size & (BLOCK - 1));
  }

  #add(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.byteLength;) {
      const count = Math.min(bytes.byteLength - start, PIECE - this.#used);
      this.#buffer.set(bytes.subarray(start, start + count), this.#used);
      this.#advance(count);
      start += count;
    }
  }

  #fill(count: number): void {
    for (let left = count; left > 0;) {
      const part = Math.min(left, PIECE - this.#used);
      this.#buffer.fill(0, this.#used, this.#used + part);
      this.#advance(part);
      left -= part;
    }
  }

  #advance(count: number): void {
    this.#used += count;
    if (this.#used < PIECE) return;
    this.#full.push(this.#buffer);
    this.#buffer = this.#spare.pop() ?? new Uint8Array(PIECE);
    this.#used = 0;
  }
}

function fill(
  file: number,
  buffer: Uint8Array<ArrayBuffer>,
  start: number,
  count: number,
  path: string,
): number {
  try {
    return readSync(file, buffer, start, count, null);
  } catch (error) {
    throw explain(error, path);
  }
}

const NONE: readonly Uint8Array<ArrayBuffer>[] = [];
