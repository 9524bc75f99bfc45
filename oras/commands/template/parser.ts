import { readTokens, syntaxError, type Token } from "./lexer.ts";
import type { Body, Branch, Call, Node, Operand, Pipe } from "./nodes.ts";
import type { TemplateError } from "./template_error.ts";

/** A template, read. */
export interface Template {
  /** Its text, for messages. */
  readonly text: string;
  /** What it prints. */
  readonly body: Body;
  /** The templates that it defines, by name. */
  readonly defined: ReadonlyMap<string, Body>;
}

/** So deep may pipelines and branches be nested. */
const DEPTH_LIMIT = 200;

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
  readonly #functions: { has(name: string): boolean };
  readonly #tokens: readonly Token[];
  readonly #defined = new Map<string, Body>();
  #next = 0;
  #depth = 0;
  #ranges = 0;
  #variables = ["$"];

  constructor(text: string, functions: { has(name: string): boolean }) {
    this.#text = text;
    this.#functions = functions;
    this.#tokens = readTokens(text);
  }

  parse(): Template {
    const { nodes, ended } = this.#body();
    if (ended !== undefined) throw this.#unexpected(ended);
    return { text: this.#text, body: nodes, defined: this.#defined };
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(): Token {
    return this.#tokens[this.#next++]!;
  }

  /** Nodes up to the end, or to an `{{end}}` or `{{else}}`, whose word is taken. */
  #body(): { nodes: Node[]; ended: Token | undefined } {
    const nodes: Node[] = [];
    while (true) {
      const token = this.#take();
      if (token.kind === "end") return { nodes, ended: undefined };
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      const word = this.#token;
      if (
        word.kind === "word" && (word.text === "end" || word.text === "else")
      ) {
        this.#next++;
        return { nodes, ended: word };
      }
      const node = this.#action();
      if (node !== undefined) nodes.push(node);
    }
  }

  #action(): Node | undefined {
    const { kind, text, at } = this.#token;
    if (kind === "word") {
      switch (text) {
        case "if":
        case "range":
        case "with":
          this.#next++;
          return this.#branch(text);
        case "break":
        case "continue":
          this.#next++;
          if (this.#ranges === 0) {
            throw this.#error(`{{${text}}} outside {{range}}`, at);
          }
          this.#close(text);
          return { kind: text };
        case "define":
          this.#next++;
          this.#define();
          return undefined;
        case "block":
        case "template":
          this.#next++;
          return this.#invoke(text === "block");
      }
    }
    return { kind: "action", pipe: this.#wholePipe("command") };
  }

  #branch(kind: Branch["kind"]): Branch {
    this.#deeper();
    const outer = this.#variables.length;
    if (kind === "range") this.#ranges++;
    const pipe = this.#wholePipe(kind);
    const { nodes: body, ended } = this.#body();
    if (kind === "range") this.#ranges--;
    let otherwise: Body = [];
    if (ended === undefined) throw this.#unexpected(undefined);
    if (ended.text === "end") this.#close("end");
    else {
      const word = this.#token;
      const chains = word.kind === "word" && word.text === kind &&
        kind !== "range";
      if (chains) {
        // `else if` has the `end` of the whole.
        this.#next++;
        otherwise = [this.#branch(kind)];
      } else {
        this.#close("else");
        const rest = this.#body();
        if (rest.ended?.text !== "end") throw this.#unexpected(rest.ended);
        this.#close("end");
        otherwise = rest.nodes;
      }
    }
    this.#variables.length = outer;
    this.#depth--;
    return { kind, pipe, body, otherwise };
  }

  #define(): void {
    const name = this.#name("define clause");
    this.#close("define clause");
    this.#defineBody(name);
  }

  #defineBody(name: string): void {
    this.#deeper();
    const [variables, ranges] = [this.#variables, this.#ranges];
    [this.#variables, this.#ranges] = [["$"], 0];
    const { nodes, ended } = this.#body();
    if (ended?.text !== "end") throw this.#unexpected(ended);
    this.#close("end");
    [this.#variables, this.#ranges] = [variables, ranges];
    this.#defined.set(name, nodes);
    this.#depth--;
  }

  #invoke(isBlock: boolean): Node {
    const { at } = this.#token;
    const name = this.#name(isBlock ? "block clause" : "template clause");
    const pipe = this.#token.kind === "close" && !isBlock
      ? (this.#close("template clause"), undefined)
      : this.#wholePipe(isBlock ? "block clause" : "template clause");
    if (isBlock) this.#defineBody(name);
    return { kind: "template", name, pipe, at };
  }

  #name(context: string): string {
    const token = this.#take();
    if (token.kind === "string") return token.text;
    throw this.#unexpected(token, context);
  }

  #close(context: string): void {
    const token = this.#take();
    if (token.kind === "symbol" && token.text === ")") {
      throw this.#error("unexpected right paren", token.at);
    }
    if (token.kind !== "close") throw this.#unexpected(token, context);
  }

  #wholePipe(context: string): Pipe {
    const pipe = this.#pipe(context);
    this.#close(context);
    return pipe;
  }

  /** A pipeline up to what ends it, which is left. */
  #pipe(context: string): Pipe {
    this.#deeper();
    const { at } = this.#token;
    const { variables, declares } = this.#declaration(context);
    const commands: Call[] = [];
    while (true) {
      const token = this.#token;
      if (
        token.kind === "close" ||
        (token.kind === "symbol" && token.text === ")")
      ) {
        if (commands.length === 0) {
          throw this.#error(`missing value for ${context}`, token.at);
        }
        break;
      }
      commands.push(this.#call(context));
      const end = this.#token;
      if (end.kind === "symbol" && end.text === "|") {
        this.#next++;
        const after = this.#token;
        if (
          after.kind === "close" ||
          after.text === ")" && after.kind === "symbol"
        ) {
          throw this.#error(`missing value for ${context}`, after.at);
        }
      }
    }
    for (const { head } of commands.slice(1)) {
      if (head.kind === "function" || head.fields.length > 0) continue;
      if (head.kind === "variable" || head.kind === "pipe") continue;
      throw this.#error(
        `non executable command in pipeline stage ${
          commands.findIndex((command) => command.head === head) + 1
        }`,
        head.at,
      );
    }
    if (declares) this.#variables.push(...variables);
    this.#depth--;
    return { variables, declares, commands, at };
  }

  #declaration(
    context: string,
  ): { variables: string[]; declares: boolean } {
    const start = this.#next;
    const variables: string[] = [];
    while (this.#token.kind === "variable") {
      variables.push(this.#take().text);
      const { kind, text, at } = this.#take();
      if (kind === "symbol" && (text === ":=" || text === "=")) {
        const declares = text === ":=";
        for (const name of declares ? [] : variables) this.#variable(name, at);
        return { variables, declares };
      }
      const isPair = kind === "symbol" && text === "," && context === "range" &&
        variables.length === 1;
      if (!isPair) break;
    }
    this.#next = start;
    return { variables: [], declares: false };
  }

  #call(context: string): Call {
    const start = this.#token;
    const operands: Operand[] = [];
    while (true) {
      const { kind, text } = this.#token;
      const ends = kind === "close" ||
        (kind === "symbol" && (text === "|" || text === ")"));
      if (ends) break;
      operands.push(this.#operand(context));
    }
    const [head, ...args] = operands;
    if (head === undefined) throw this.#error("empty command", start.at);
    return { head, args, at: start.at, text: this.#slice(start.at) };
  }

  #operand(context: string): Operand {
    const token = this.#take();
    let at = token.at;
    const base = this.#base(token, context);
    const fields = token.kind === "field" ? [token.text] : [];
    let isFirst = true;
    while (this.#token.kind === "field" && !this.#token.spaced) {
      // As in Go, a chain is said to be where its first further field is.
      if (isFirst) at = this.#token.at;
      isFirst = false;
      fields.push(this.#take().text);
    }
    if (fields.length > 0 && (base.kind === "literal" || base.kind === "nil")) {
      throw this.#error(
        `unexpected . after term ${JSON.stringify(token.text)}`,
        token.at,
      );
    }
    const text = this.#slice(token.at);
    return { ...base, fields, at, text };
  }

  #base(token: Token, context: string): BaseOperand {
    switch (token.kind) {
      case "field":
      case "dot":
        return { kind: "dot" };
      case "variable":
        this.#variable(token.text, token.at);
        return { kind: "variable", name: token.text };
      case "string":
        return { kind: "literal", value: token.text };
      case "char":
        return { kind: "literal", value: token.text.codePointAt(0) };
      case "number":
        return { kind: "literal", value: this.#number(token) };
      case "word":
        return this.#word(token);
      case "symbol":
        if (token.text === "(") return this.#group();
        break;
    }
    throw this.#unexpected(token, context);
  }

  #word({ text, at }: Token): BaseOperand {
    if (text === "true" || text === "false") {
      return { kind: "literal", value: text === "true" };
    }
    if (text === "nil") return { kind: "nil" };
    if (!this.#functions.has(text)) {
      throw this.#error(`function ${JSON.stringify(text)} not defined`, at);
    }
    return { kind: "function", name: text };
  }

  #group(): BaseOperand {
    const pipe = this.#pipe("parenthesized pipeline");
    const token = this.#take();
    if (token.kind !== "symbol") {
      throw this.#error("unclosed left paren", token.at);
    }
    return { kind: "pipe", pipe };
  }

  #number({ text, at }: Token): number | bigint {
    const digits = text.replaceAll("_", "");
    const sign = digits.startsWith("-") ? -1 : 1;
    const bare = digits.replace(/^[+-]/, "");
    const value = sign * Number(bare);
    if (Number.isNaN(value)) {
      throw this.#error(`bad number syntax: ${JSON.stringify(text)}`, at);
    }
    const isExact = !Number.isInteger(value) || Number.isSafeInteger(value) ||
      /[.eE]/.test(bare);
    return isExact ? value : BigInt(sign) * BigInt(bare);
  }

  #variable(name: string, at: number): void {
    if (this.#variables.includes(name)) return;
    throw this.#error(`undefined variable ${JSON.stringify(name)}`, at);
  }

  /** The text from a place up to the end of the token taken last. */
  #slice(start: number): string {
    const { at } = this.#token;
    return this.#text.slice(start, at).trimEnd();
  }

  #deeper(): void {
    if (++this.#depth > DEPTH_LIMIT) {
      throw this.#error("nested too deeply", this.#token.at);
    }
  }

  #error(message: string, at: number): TemplateError {
    return syntaxError(this.#text, at, message);
  }

  #unexpected(token: Token | undefined, context?: string): TemplateError {
    if (token === undefined || token.kind === "end") {
      return this.#error("unexpected EOF", this.#text.length);
    }
    const where = context === undefined ? "" : ` in ${context}`;
    const shown = token.kind === "word" && context === undefined
      ? `{{${token.text}}}`
      : JSON.stringify(token.text);
    return this.#error(`unexpected ${shown}${where}`, token.at);
  }
}

type BaseOperand = Operand extends infer One
  ? One extends Operand ? Omit<One, "fields" | "at" | "text"> : never
  : never;
