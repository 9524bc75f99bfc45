import type { Token } from "./lexer.ts";
import type { Body, Branch, Node } from "./nodes.ts";
import { PipeParser } from "./pipe_parser.ts";
import { TokenCursor } from "./token_cursor.ts";

/** A template, read. */
export interface Template {
  /** Its text, for messages. */
  readonly text: string;
  /** What it prints. */
  readonly body: Body;
  /** The templates that it defines, by name. */
  readonly defined: ReadonlyMap<string, Body>;
}

/**
 * Reads a template (Go's text/template).
 *
 * @param functions The names of the functions that there are.
 * @throws {TemplateError} Its syntax is wrong, or it names a function that there is not.
 */
export function parseTemplate(
  text: string,
  functions: { has(name: string): boolean },
): Template {
  return new Parser(text, functions).parse();
}

class Parser {
  readonly #text: string;
  readonly #cursor: TokenCursor;
  readonly #pipes: PipeParser;
  readonly #defined = new Map<string, Body>();
  #ranges = 0;

  constructor(text: string, functions: { has(name: string): boolean }) {
    this.#text = text;
    this.#cursor = new TokenCursor(text);
    this.#pipes = new PipeParser(this.#cursor, functions);
  }

  parse(): Template {
    const { nodes, ended } = this.#body();
    if (ended !== undefined) throw this.#cursor.unexpected(ended);
    return { text: this.#text, body: nodes, defined: this.#defined };
  }

  /** Nodes up to the end, or to an `{{end}}` or `{{else}}`, whose word is taken. */
  #body(): { nodes: Node[]; ended: Token | undefined } {
    const nodes: Node[] = [];
    while (true) {
      const token = this.#cursor.take();
      if (token.kind === "end") return { nodes, ended: undefined };
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      const word = this.#cursor.token;
      if (
        word.kind === "word" && (word.text === "end" || word.text === "else")
      ) {
        this.#cursor.take();
        return { nodes, ended: word };
      }
      const node = this.#action();
      if (node !== undefined) nodes.push(node);
    }
  }

  #action(): Node | undefined {
    const { kind, text, at } = this.#cursor.token;
    if (kind === "word") {
      switch (text) {
        case "if":
        case "range":
        case "with":
          this.#cursor.take();
          return this.#branch(text);
        case "break":
        case "continue":
          this.#cursor.take();
          if (this.#ranges === 0) {
            throw this.#cursor.error(`{{${text}}} outside {{range}}`, at);
          }
          this.#cursor.close(text);
          return { kind: text };
        case "define":
          this.#cursor.take();
          this.#define();
          return undefined;
        case "block":
        case "template":
          this.#cursor.take();
          return this.#invoke(text === "block");
      }
    }
    return { kind: "action", pipe: this.#pipes.whole("command") };
  }

  #branch(kind: Branch["kind"]): Branch {
    this.#cursor.deeper();
    const outer = this.#pipes.variables.length;
    if (kind === "range") this.#ranges++;
    const pipe = this.#pipes.whole(kind);
    const { nodes: body, ended } = this.#body();
    if (kind === "range") this.#ranges--;
    let otherwise: Body = [];
    if (ended === undefined) throw this.#cursor.unexpected(undefined);
    if (ended.text === "end") this.#cursor.close("end");
    else {
      const word = this.#cursor.token;
      const chains = word.kind === "word" && word.text === kind &&
        kind !== "range";
      if (chains) {
        // `else if` has the `end` of the whole.
        this.#cursor.take();
        otherwise = [this.#branch(kind)];
      } else {
        this.#cursor.close("else");
        const rest = this.#body();
        if (rest.ended?.text !== "end") {
          throw this.#cursor.unexpected(rest.ended);
        }
        this.#cursor.close("end");
        otherwise = rest.nodes;
      }
    }
    this.#pipes.variables.length = outer;
    this.#cursor.leave();
    return { kind, pipe, body, otherwise };
  }

  #define(): void {
    const name = this.#cursor.name("define clause");
    this.#cursor.close("define clause");
    this.#defineBody(name);
  }

  #defineBody(name: string): void {
    this.#cursor.deeper();
    const [variables, ranges] = [this.#pipes.variables, this.#ranges];
    [this.#pipes.variables, this.#ranges] = [["$"], 0];
    const { nodes, ended } = this.#body();
    if (ended?.text !== "end") throw this.#cursor.unexpected(ended);
    this.#cursor.close("end");
    [this.#pipes.variables, this.#ranges] = [variables, ranges];
    this.#defined.set(name, nodes);
    this.#cursor.leave();
  }

  #invoke(isBlock: boolean): Node {
    const { at } = this.#cursor.token;
    const name = this.#cursor.name(
      isBlock ? "block clause" : "template clause",
    );
    const pipe = this.#cursor.token.kind === "close" && !isBlock
      ? (this.#cursor.close("template clause"), undefined)
      : this.#pipes.whole(isBlock ? "block clause" : "template clause");
    if (isBlock) this.#defineBody(name);
    return { kind: "template", name, pipe, at };
  }
}
