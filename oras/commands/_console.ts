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

  /** Prints a line for people. */
  err(line: string): void {
    this.errRaw(`${line}\n`);
  }

  /** Prints a piece of text for people, without ending the line. */
  errRaw(text: string): void {
    writeAll(Deno.stderr, this.#encoder.encode(text));
  }
}

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): void {
  try {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(stream.writeSync(rest));
    }
  } catch (cause) {
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
    throw new OutputClosedError("Cannot print: the output is closed", {
      cause,
    });
  }
}
