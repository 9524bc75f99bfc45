import { JsonError } from "./json_error.ts";
import { childPath } from "./_json_path.ts";

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const STRING =
  // deno-lint-ignore no-control-regex -- RFC 8259 §7 excludes exactly these.
  /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const LITERAL = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Finds the first place at which a text is not acceptable JSON.
 *
 * `JSON.parse` is fast and says little; this reader is slow, and runs only when a
 * text is known to be bad.
 */
export function locateJsonError(text: string, maxDepth: number): JsonError {
  try {
    new Reader(text, maxDepth).document();
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
  return new JsonError("JSON_INVALID", "expected JSON", "$", 0);
}

class Reader {
  #at = 0;
  constructor(readonly text: string, readonly maxDepth: number) {}

  document(): void {
    this.#value("$", 1);
    this.#skip();
    if (this.#at < this.text.length) this.#fail("$", "expected the end");
  }

  #value(path: string, depth: number): void {
    this.#skip();
    const first = this.text[this.#at];
    if (first === "{" || first === "[") {
      if (depth > this.maxDepth) {
        throw new JsonError(
          "JSON_TOO_DEEP",
          `expected at most ${this.maxDepth} levels`,
          path,
          this.#at,
        );
      }
      this.#at++;
      if (first === "{") this.#object(path, depth);
      else this.#array(path, depth);
    } else if (
      !(this.#take(STRING) ?? this.#take(NUMBER) ??
        this.#take(LITERAL))
    ) {
      this.#fail(path, "expected a value");
    }
  }

  #object(path: string, depth: number): void {
    const keys = new Set<string>();
    if (this.#eat("}")) return;
    do {
      this.#skip();
      const start = this.#at;
      const quoted = this.#take(STRING);
      if (quoted === undefined) return this.#fail(path, "expected a key");
      const key = JSON.parse(quoted) as string;
      const child = childPath(path, key);
      if (keys.has(key)) {
        throw new JsonError(
          "JSON_DUPLICATE_KEY",
          "expected each key once",
          child,
          start,
        );
      }
      keys.add(key);
      if (!this.#eat(":")) this.#fail(child, 'expected ":"');
      this.#value(child, depth + 1);
    } while (this.#eat(","));
    if (!this.#eat("}")) this.#fail(path, 'expected "," or "}"');
  }

  #array(path: string, depth: number): void {
    if (this.#eat("]")) return;
    let index = 0;
    do this.#value(childPath(path, index++), depth + 1); while (this.#eat(","));
    if (!this.#eat("]")) this.#fail(path, 'expected "," or "]"');
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skip(): void {
    this.#take(SPACE);
  }

  #eat(character: string): boolean {
    this.#skip();
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #fail(path: string, expected: string): never {
    const found = this.text[this.#at];
    throw new JsonError(
      "JSON_INVALID",
      `${expected}, found ${
        found === undefined ? "the end" : JSON.stringify(found)
      }`,
      path,
      this.#at,
    );
  }
}
