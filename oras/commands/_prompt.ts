import { readStdin } from "./_stdin.ts";

/** Asks questions on the terminal. Questions go to stderr, so that stdout stays clean. */
export class Prompt {
  readonly #write: (text: string) => void;
  readonly #signal: AbortSignal;
  /** Keeps the bytes of a letter that has not arrived whole. */
  readonly #decoder = new TextDecoder();
  /** What was read beyond the last line. */
  #rest = "";

  /** Makes a prompt. Nothing is asked yet. */
  constructor(write: (text: string) => void, signal: AbortSignal) {
    this.#write = write;
    this.#signal = signal;
  }

  /** Asks for a line that may be seen. */
  async ask(question: string): Promise<string> {
    this.#write(question);
    return (await this.#readLine()).trim();
  }

  /** Asks for a line that is not shown while it is typed. */
  async askSecret(question: string): Promise<string> {
    const isTerminal = Deno.stdin.isTerminal();
    // Before the question: from then on nothing that is typed may be shown.
    if (isTerminal) Deno.stdin.setRaw(true);
    try {
      this.#write(question);
      return isTerminal ? await this.#readKeys() : await this.#readLine();
    } finally {
      if (isTerminal) Deno.stdin.setRaw(false);
      this.#write("\n");
    }
  }

  async #readLine(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) return this.#take(end, 1);
      const more = await this.#read();
      if (more === undefined) return this.#take(this.#rest.length, 0);
      this.#rest += more;
    }
  }

  #take(length: number, separator: number): string {
    const line = this.#rest.slice(0, length).replace(/\r$/, "");
    this.#rest = this.#rest.slice(length + separator);
    return line;
  }

  async #readKeys(): Promise<string> {
    const typed: string[] = [];
    for (;;) {
      const keys = this.#rest || await this.#read();
      this.#rest = "";
      if (keys === undefined) return typed.join("");
      const characters = [...keys];
      for (const [index, key] of characters.entries()) {
        switch (key) {
          case "\r":
          case "\n":
            this.#rest = characters.slice(index + 1).join("");
            return typed.join("");
          case "\x03": // Ctrl-C, which a raw terminal does not turn into a signal
            throw new DOMException("Interrupted", "AbortError");
          case "\x04": // Ctrl-D
            return typed.join("");
          case "\x15": // Ctrl-U
            typed.length = 0;
            break;
          case "\b":
          case "\x7f":
            typed.pop();
            break;
          default:
            if (key >= " ") typed.push(key);
        }
      }
    }
  }

  /** Reads what there is; undefined at the end of the input. */
  async #read(): Promise<string | undefined> {
    const buffer = new Uint8Array(1024);
    const count = await readStdin(buffer, this.#signal);
    return count === null
      ? undefined
      : this.#decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}
