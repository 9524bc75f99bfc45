import type { Token } from "./lexer.ts";
import type { Call, Operand, Pipe } from "./nodes.ts";
import type { TokenCursor } from "./token_cursor.ts";

/** Reads pipelines, in the scope of the variables that are declared. */
export class PipeParser {
  /** The variables that there are. */
  variables: string[] = ["$"];
  readonly #cursor: TokenCursor;
  readonly #functions: { has(name: string): boolean };

  /** Reads at a cursor, with the functions of these names. */
  constructor(
    cursor: TokenCursor,
    functions: { has(name: string): boolean },
  ) {
    this.#cursor = cursor;
    this.#functions = functions;
  }

  /** A pipeline, and the end of its action. */
  whole(context: string): Pipe {
    const pipe = this.#pipe(context);
    this.#cursor.close(context);
    return pipe;
  }

  /** A pipeline up to what ends it, which is left. */
  #pipe(context: string): Pipe {
    this.#cursor.deeper();
    const { at } = this.#cursor.token;
    const { variables, declares } = this.#declaration(context);
    const commands: Call[] = [];
    while (true) {
      const token = this.#cursor.token;
      if (
        token.kind === "close" ||
        (token.kind === "symbol" && token.text === ")")
      ) {
        if (commands.length === 0) {
          throw this.#cursor.error(`missing value for ${context}`, token.at);
        }
        break;
      }
      commands.push(this.#call(context));
      const end = this.#cursor.token;
      if (end.kind === "symbol" && end.text === "|") {
        this.#cursor.take();
        const after = this.#cursor.token;
        if (
          after.kind === "close" ||
          after.text === ")" && after.kind === "symbol"
        ) {
          throw this.#cursor.error(`missing value for ${context}`, after.at);
        }
      }
    }
    for (const { head } of commands.slice(1)) {
      if (head.kind === "function" || head.fields.length > 0) continue;
      if (head.kind === "variable" || head.kind === "pipe") continue;
      throw this.#cursor.error(
        `non executable command in pipeline stage ${
          commands.findIndex((command) => command.head === head) + 1
        }`,
        head.at,
      );
    }
    if (declares) this.variables.push(...variables);
    this.#cursor.leave();
    return { variables, declares, commands, at };
  }

  #declaration(
    context: string,
  ): { variables: string[]; declares: boolean } {
    const start = this.#cursor.mark;
    const variables: string[] = [];
    while (this.#cursor.token.kind === "variable") {
      variables.push(this.#cursor.take().text);
      const { kind, text, at } = this.#cursor.take();
      if (kind === "symbol" && (text === ":=" || text === "=")) {
        const declares = text === ":=";
        for (const name of declares ? [] : variables) this.#variable(name, at);
        return { variables, declares };
      }
      const isPair = kind === "symbol" && text === "," && context === "range" &&
        variables.length === 1;
      if (!isPair) break;
    }
    this.#cursor.rewind(start);
    return { variables: [], declares: false };
  }

  #call(context: string): Call {
    const start = this.#cursor.token;
    const operands: Operand[] = [];
    while (true) {
      const { kind, text } = this.#cursor.token;
      const ends = kind === "close" ||
        (kind === "symbol" && (text === "|" || text === ")"));
      if (ends) break;
      operands.push(this.#operand(context));
    }
    const [head, ...args] = operands;
    if (head === undefined) throw this.#cursor.error("empty command", start.at);
    return { head, args, at: start.at, text: this.#cursor.slice(start.at) };
  }

  #operand(context: string): Operand {
    const token = this.#cursor.take();
    let at = token.at;
    const base = this.#base(token, context);
    const fields = token.kind === "field" ? [token.text] : [];
    let isFirst = true;
    while (this.#cursor.token.kind === "field" && !this.#cursor.token.spaced) {
      // As in Go, a chain is said to be where its first further field is.
      if (isFirst) at = this.#cursor.token.at;
      isFirst = false;
      fields.push(this.#cursor.take().text);
    }
    if (fields.length > 0 && (base.kind === "literal" || base.kind === "nil")) {
      throw this.#cursor.error(
        `unexpected . after term ${JSON.stringify(token.text)}`,
        token.at,
      );
    }
    const text = this.#cursor.slice(token.at);
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
    throw this.#cursor.unexpected(token, context);
  }

  #word({ text, at }: Token): BaseOperand {
    if (text === "true" || text === "false") {
      return { kind: "literal", value: text === "true" };
    }
    if (text === "nil") return { kind: "nil" };
    if (!this.#functions.has(text)) {
      throw this.#cursor.error(
        `function ${JSON.stringify(text)} not defined`,
        at,
      );
    }
    return { kind: "function", name: text };
  }

  #group(): BaseOperand {
    const pipe = this.#pipe("parenthesized pipeline");
    const token = this.#cursor.take();
    if (token.kind !== "symbol") {
      throw this.#cursor.error("unclosed left paren", token.at);
    }
    return { kind: "pipe", pipe };
  }

  #number({ text, at }: Token): number | bigint {
    const digits = text.replaceAll("_", "");
    const sign = digits.startsWith("-") ? -1 : 1;
    const bare = digits.replace(/^[+-]/, "");
    const value = sign * Number(bare);
    if (Number.isNaN(value)) {
      throw this.#cursor.error(
        `bad number syntax: ${JSON.stringify(text)}`,
        at,
      );
    }
    const isExact = !Number.isInteger(value) || Number.isSafeInteger(value) ||
      /[.eE]/.test(bare);
    return isExact ? value : BigInt(sign) * BigInt(bare);
  }

  #variable(name: string, at: number): void {
    if (this.variables.includes(name)) return;
    throw this.#cursor.error(`undefined variable ${JSON.stringify(name)}`, at);
  }
}

type BaseOperand = Operand extends infer One
  ? One extends Operand ? Omit<One, "fields" | "at" | "text"> : never
  : never;
