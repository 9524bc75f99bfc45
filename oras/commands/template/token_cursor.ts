import { readTokens, syntaxError, type Token } from "./lexer.ts";
import type { TemplateError } from "./template_error.ts";

/** So deep may pipelines and branches be nested. */
const DEPTH_LIMIT = 200;

/** Goes through the tokens of a template, and says what is wrong where. */
export class TokenCursor {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  /** Begins at the first token of a text. */
  constructor(text: string) {
    this.#text = text;
    this.#tokens = readTokens(text);
  }

  /** The next token, which is left. */
  get token(): Token {
    return this.#tokens[this.#next]!;
  }

  /** Takes the next token. */
  take(): Token {
    return this.#tokens[this.#next++]!;
  }

  /** Where the next token is, to come back to. */
  get mark(): number {
    return this.#next;
  }

  /** Comes back. */
  rewind(mark: number): void {
    this.#next = mark;
  }

  /** Takes the name of a template. */
  name(context: string): string {
    const token = this.take();
    if (token.kind === "string") return token.text;
    throw this.unexpected(token, context);
  }

  /** Takes the end of an action. */
  close(context: string): void {
    const token = this.take();
    if (token.kind === "symbol" && token.text === ")") {
      throw this.error("unexpected right paren", token.at);
    }
    if (token.kind !== "close") throw this.unexpected(token, context);
  }

  /** The text from a place up to the end of the token taken last. */
  slice(start: number): string {
    const { at } = this.token;
    return this.#text.slice(start, at).trimEnd();
  }

  /** Goes one level down. */
  deeper(): void {
    if (++this.#depth > DEPTH_LIMIT) {
      throw this.error("nested too deeply", this.token.at);
    }
  }

  /** Comes one level up. */
  leave(): void {
    this.#depth--;
  }

  /** What is wrong with the syntax. */
  error(message: string, at: number): TemplateError {
    return syntaxError(this.#text, at, message);
  }

  /** A token that cannot stand where it does. */
  unexpected(token: Token | undefined, context?: string): TemplateError {
    if (token === undefined || token.kind === "end") {
      return this.error("unexpected EOF", this.#text.length);
    }
    const where = context === undefined ? "" : ` in ${context}`;
    const shown = token.kind === "word" && context === undefined
      ? `{{${token.text}}}`
      : JSON.stringify(token.text);
    return this.error(`unexpected ${shown}${where}`, token.at);
  }
}
