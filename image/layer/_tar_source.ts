import { LayerError } from "./errors.ts";

/** The bytes of an archive, in pieces as they come or in amounts as they are asked for. */
export class TarSource {
  readonly #iterator: AsyncIterator<Uint8Array<ArrayBuffer>>;
  #chunk: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #filling: Promise<boolean> | undefined;

  /** Takes the archive's bytes. */
  constructor(source: AsyncIterable<Uint8Array<ArrayBuffer>>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** Takes what has come, up to an amount; empty where all that came was taken. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const piece = this.#chunk.subarray(0, count);
    this.#chunk = this.#chunk.subarray(piece.byteLength);
    return piece;
  }

  /** Whether an amount has come. */
  has(count: number): boolean {
    return this.#chunk.byteLength >= count;
  }

  /** Takes exactly an amount, if all of it has come. */
  takeWhole(count: number): Uint8Array<ArrayBuffer> | undefined {
    return this.has(count) ? this.take(count) : undefined;
  }

  /** Waits for more bytes once all were taken; says no at the end. */
  fill(): Promise<boolean> {
    return this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
    });
  }

  async #fill(): Promise<boolean> {
    while (this.#chunk.byteLength === 0) {
      const { value, done } = await this.#iterator.next();
      if (done) return false;
      this.#chunk = value;
    }
    return true;
  }

  /**
   * Reads exactly an amount, or nothing at the end.
   *
   * @throws {LayerError} The archive ends within it.
   */
  async read(count: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const whole = this.takeWhole(count);
    if (whole !== undefined) return whole;
    const bytes = new Uint8Array(count);
    let length = 0;
    while (length < count) {
      const piece = this.take(count - length);
      bytes.set(piece, length);
      length += piece.byteLength;
      if (piece.byteLength > 0) continue;
      if (await this.fill()) continue;
      if (length === 0) return undefined;
      throw endsEarly();
    }
    return bytes;
  }

  /** Reads over an amount. */
  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      left -= this.take(left).byteLength;
      if (left > 0 && !await this.fill()) throw endsEarly();
    }
  }

  /** Ends the source. */
  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}

/** The error of an archive that is cut off. */
export function endsEarly(): LayerError {
  return damaged("the archive ends early");
}

/** The error of an archive that is not as it should be. */
export function damaged(what: string): LayerError {
  return new LayerError("LAYER_INVALID", `Cannot read layer: ${what}`);
}
