import { closeSync, constants, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { LayerError } from "../errors.ts";

/** The size of the pieces given out. */
const BLOCK = 1024 * 1024;
/** Files above this are read without stopping the event loop. */
const SMALL = 256 * 1024;
// A link that took the file's place since it was looked at is not followed.
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** Gathers a tar's bytes in pieces of one size. */
export class Blocks {
  #buffer = new Uint8Array(BLOCK);
  #used = 0;
  #full: Uint8Array<ArrayBuffer>[] = [];

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

  /** Copies bytes in. */
  add(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.byteLength;) {
      const count = Math.min(bytes.byteLength - start, BLOCK - this.#used);
      this.#buffer.set(bytes.subarray(start, start + count), this.#used);
      this.#advance(count);
      start += count;
    }
  }

  /** Adds zeros. */
  fill(count: number): void {
    for (let left = count; left > 0;) {
      const part = Math.min(left, BLOCK - this.#used);
      this.#advance(part);
      left -= part;
    }
  }

  /** Adds a file's content and what fills its last block of the tar. */
  async *addFile(
    path: string,
    size: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const file: FileHandle = await open(path, READ);
    // The next piece is read while the one before is worked on.
    let reading: Promise<number> | undefined;
    try {
      if ((await file.stat()).size !== size) throw changed(path);
      reading = this.#read(file, size);
      for (let left = size; left > 0;) {
        const count: number = await reading!;
        if (count === 0) throw changed(path);
        left -= count;
        this.#advance(count);
        reading = left > 0 ? this.#read(file, left) : undefined;
        yield* this.take();
        signal?.throwIfAborted();
      }
      if ((await file.stat()).size !== size) throw changed(path);
    } finally {
      await reading?.catch(() => {});
      await file.close();
    }
    this.fill(-size & 511);
  }

  #read(file: FileHandle, left: number): Promise<number> {
    const count = Math.min(left, BLOCK - this.#used);
    const reading = file.read(this.#buffer, this.#used, count, null)
      .then(({ bytesRead }) => bytesRead);
    // It may fail before anybody waits for it.
    reading.catch(() => {});
    return reading;
  }

  /** Adds a file as {@linkcode Blocks.addFile} does, at once, if it is small. */
  addSmallFile(path: string, size: number): boolean {
    if (size > SMALL) return false;
    const file = openSync(path, READ);
    try {
      // One byte more is asked for, so that a file that grew shows itself.
      const end = this.#used + size;
      const fits = end < BLOCK;
      const buffer = fits ? this.#buffer : new Uint8Array(size + 1);
      const start = fits ? this.#used : 0;
      let count = 0;
      while (count < size + 1) {
        const read = readSync(
          file,
          buffer,
          start + count,
          size + 1 - count,
          null,
        );
        if (read === 0) break;
        count += read;
        if (count === size) break;
      }
      if (count !== size) throw changed(path);
      if (fits) {
        // The byte that was asked for and did not come is zero still.
        this.#advance(size);
      } else this.add(buffer.subarray(0, size));
    } finally {
      closeSync(file);
    }
    this.fill(-size & 511);
    return true;
  }

  #advance(count: number): void {
    this.#used += count;
    if (this.#used < BLOCK) return;
    this.#full.push(this.#buffer);
    this.#buffer = new Uint8Array(BLOCK);
    this.#used = 0;
  }
}

const NONE: readonly Uint8Array<ArrayBuffer>[] = [];

function changed(path: string): LayerError {
  return refusal(path, "expected its size to stay, but it changed");
}

/** Why a path cannot be packed. */
export function refusal(path: string, reason: string): LayerError {
  return new LayerError("LAYER_SOURCE", `Cannot pack ${path}: ${reason}`);
}
