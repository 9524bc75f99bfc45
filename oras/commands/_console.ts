import { printableJson } from "./_printable.ts";

/** Whoever reads the output has gone away, as `head` does when it has enough. */
export class OutputClosedError extends Error {
  /** The class's name. */
  override readonly name = "OutputClosedError";
}

/** The two streams that a command prints on: results on one, all else on the other. */
export class Console {
  readonly #encoder = new TextEncoder();

  /** Prints a line of the result. */
  out(line: string): void {
    this.outRaw(`${line}\n`);
  }

  /** Prints a piece of the result as it is. */
  outRaw(content: string | Uint8Array): void {
    writeAll(
      Deno.stdout,
      typeof content === "string" ? this.#encoder.encode(content) : content,
    );
  }

  /**
   * Prints JSON as it is; on a terminal, what would steer that is escaped. Programs get
   * the same bytes as from oras.
   */
  json(content: string | Uint8Array): void {
    if (!Deno.stdout.isTerminal()) return this.outRaw(content);
    const text = typeof content === "string"
      ? content
      : new TextDecoder().decode(content);
    this.outRaw(printableJson(text));
  }

  /** Prints a line for people. */
  err(line: string): void {
    this.errRaw(`${line}\n`);
  }

  /**
   * Prints a piece of text for people, without ending the line. Where a full disk or
   * the end of the terminal takes it, the work goes on.
   */
  errRaw(text: string): void {
    try {
      writeAll(Deno.stderr, this.#encoder.encode(text));
    } catch (error) {
      if (error instanceof OutputClosedError) throw error;
    }
  }
}

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): void {
  for (let rest = bytes; rest.length > 0;) {
    try {
      rest = rest.subarray(stream.writeSync(rest));
    } catch (cause) {
      if (!(cause instanceof Deno.errors.WouldBlock)) {
        throw outputFailure(cause);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_WAIT);
    }
  }
}

/**
 * Prints a piece as it is, beside the caller: the time may run out, and Ctrl-C may
 * come, while whoever reads it takes nothing.
 */
export async function writePiece(
  stream: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    try {
      rest = rest.subarray(await stream.write(rest));
    } catch (cause) {
      if (!(cause instanceof Deno.errors.WouldBlock)) {
        throw outputFailure(cause);
      }
      await new Promise((resolve) => setTimeout(resolve, FULL_WAIT));
    }
  }
}

/**
 * How long to wait, in milliseconds, where a pipe is full that is set not to wait by
 * itself: another program that shares it may have done so.
 */
const FULL_WAIT = 5;

/** What to say where the output takes no more. */
function outputFailure(cause: unknown): Error {
  if (cause instanceof Deno.errors.BrokenPipe) {
    return new OutputClosedError("Cannot print: the output is closed", {
      cause,
    });
  }
  const seen = cause instanceof Error ? cause.message : String(cause);
  return new Error(`Cannot print: ${seen}`, { cause });
}
