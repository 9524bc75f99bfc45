import type { Buffer } from "node:buffer";
import type { ClientRequest } from "node:http";
import { byobReader } from "../../digest/_tap_stream.ts";
import { sourceSizeError } from "../_body_stream.ts";
import type { Source } from "../source.ts";

const BLOCK = 1024 * 1024;
const RING = 3;
/** The bytes handed to the socket at a time. */
const PIECE = 256 * 1024;

/**
 * Writes a source into a request, and ends the request.
 *
 * A ring of three blocks is all the memory it takes: each is read into, written,
 * and read into again once the socket has taken it. The last block goes out only
 * when the source has shown that nothing follows, so a request whose source is too
 * long or too short never completes.
 */
export class Upload {
  readonly #request: ClientRequest;
  readonly #source: Source;
  readonly #sent: ((bytes: number) => void) | undefined;
  readonly #free: ArrayBuffer[] = [];
  #allocated = 0;
  #wake: (() => void) | undefined;
  #stopped = false;
  #cancel: (() => void) | undefined;

  /** `sent` is told of the bytes that the socket took. */
  constructor(
    request: ClientRequest,
    source: Source,
    sent?: (bytes: number) => void,
  ) {
    this.#request = request;
    this.#source = source;
    this.#sent = sent;
  }

  /** Ends the reading of the source early: nobody needs the rest. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
    this.#cancel?.();
  }

  /** Resolves to whether all was written. */
  async run(): Promise<boolean> {
    const stream = await this.#source.open();
    const byob = byobReader(stream);
    const reader = byob ?? stream.getReader();
    this.#cancel = () => void reader.cancel().catch(() => {});
    if (this.#stopped) {
      this.#cancel();
      return false;
    }
    try {
      return byob === undefined
        ? await this.#copy(reader as ReadableStreamDefaultReader<Uint8Array>)
        : await this.#pump(byob);
    } catch (error) {
      this.#cancel();
      throw error;
    }
  }

  /** Reads blocks of the ring and writes them, each one behind the next. */
  async #pump(reader: ReadableStreamBYOBReader): Promise<boolean> {
    const { size } = this.#source;
    let seen = 0;
    let last: Uint8Array<ArrayBuffer> | undefined;
    while (true) {
      const buffer = await this.#take();
      if (this.#stopped) return false;
      // The extra byte at the end shows whether the source holds more than it said.
      const want = Math.min(BLOCK, size - seen + 1);
      const { value, done } = await reader.read(
        new Uint8Array(buffer, 0, want),
        { min: want },
      );
      if (this.#stopped) return false;
      seen += value?.byteLength ?? 0;
      if (seen > size) throw sourceSizeError(size, seen);
      if (value !== undefined && value.byteLength > 0) {
        if (last !== undefined) this.#write(last);
        last = value;
      }
      if (done) break;
    }
    if (seen < size) throw sourceSizeError(size, seen);
    this.#end(last);
    return true;
  }

  /** Without a byte stream: passes chunks on as they come, and waits where the socket is slow. */
  async #copy(
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ): Promise<boolean> {
    const { size } = this.#source;
    let seen = 0;
    let last: Uint8Array | undefined;
    while (true) {
      const { value, done } = await reader.read();
      if (this.#stopped) return false;
      if (done) break;
      if (value.byteLength === 0) continue;
      seen += value.byteLength;
      if (seen > size) throw sourceSizeError(size, seen);
      if (last !== undefined && !writePieces(this.#request, last, this.#sent)) {
        await this.#drained();
        if (this.#stopped) return false;
      }
      last = value;
    }
    if (seen < size) throw sourceSizeError(size, seen);
    this.#end(last);
    return true;
  }

  #write(block: Uint8Array<ArrayBuffer>): void {
    writePieces(this.#request, block, this.#sent, () => {
      this.#free.push(block.buffer);
      this.#wake?.();
    });
  }

  #end(last: Uint8Array | undefined): void {
    endWith(this.#request, last, this.#sent);
  }

  async #take(): Promise<ArrayBuffer> {
    while (!this.#stopped) {
      const buffer = this.#free.pop();
      if (buffer !== undefined) return buffer;
      if (this.#allocated < RING) {
        this.#allocated++;
        return new ArrayBuffer(Math.min(BLOCK, this.#source.size + 1));
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return new ArrayBuffer(0);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#request.once("drain", resolve);
    });
  }
}

/**
 * Writes bytes into a request, in pieces that are so small that a slow line shows
 * from time to time that it is alive. Gives whether more may be written at once.
 */
function writePieces(
  request: ClientRequest,
  bytes: Uint8Array,
  sent?: (bytes: number) => void,
  done?: () => void,
): boolean {
  let isReady = true;
  for (let at = 0; at < bytes.byteLength; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE);
    const isLast = at + PIECE >= bytes.byteLength;
    isReady = request.write(piece as Buffer, (error) => {
      if (!error) sent?.(piece.byteLength);
      if (isLast) done?.();
    });
  }
  return isReady;
}

/** Ends a request with the last of its bytes. */
export function endWith(
  request: ClientRequest,
  bytes: Uint8Array | undefined,
  sent?: (bytes: number) => void,
): void {
  if (bytes === undefined || bytes.byteLength <= PIECE) {
    request.end(bytes);
    return;
  }
  writePieces(request, bytes, sent);
  request.end();
}
