import { show } from "./go_print.ts";
import {
  isMap,
  isNil,
  isTrue,
  sortedKeys,
  typeName,
  valueAt,
} from "./go_value.ts";
import { lineOf } from "./lexer.ts";
import type { Body, Branch, Call, Node, Operand, Pipe } from "./nodes.ts";
import type { Template } from "./parser.ts";
import { TEMPLATE_NAME, TemplateError } from "./template_error.ts";

/** What a function of templates does. */
export type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** A function that templates can call. */
export interface Callable {
  /** What it does. */
  readonly run: TemplateFunction;
  /** How many arguments it takes at least. */
  readonly min: number;
  /** How many it takes at most; no limit where not given. */
  readonly max?: number;
}

/** So deep may templates call each other. */
const CALL_LIMIT = 1000;

/**
 * Prints a template with a value, piece by piece.
 *
 * @throws {TemplateError} A function failed, or the value lacks what is taken of it.
 */
export function* evaluate(
  template: Template,
  functions: ReadonlyMap<string, Callable>,
  value: unknown,
): Generator<string> {
  yield* new Evaluator(template, functions).print(value);
}

interface Variable {
  readonly name: string;
  value: unknown;
}

class Evaluator {
  readonly #template: Template;
  readonly #functions: ReadonlyMap<string, Callable>;
  #variables: Variable[] = [];
  #calls = 0;

  constructor(
    template: Template,
    functions: ReadonlyMap<string, Callable>,
  ) {
    this.#template = template;
    this.#functions = functions;
  }

  *print(value: unknown): Generator<string> {
    this.#variables = [{ name: "$", value }];
    yield* this.#body(this.#template.body, value);
  }

  *#body(nodes: Body, dot: unknown): Generator<string, Jump> {
    for (const node of nodes) {
      const jump = yield* this.#node(node, dot);
      if (jump !== undefined) return jump;
    }
    return undefined;
  }

  *#node(node: Node, dot: unknown): Generator<string, Jump> {
    switch (node.kind) {
      case "text":
        yield node.text;
        return undefined;
      case "action": {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length > 0) return undefined;
        yield isNil(value) ? "<no value>" : show(value);
        return undefined;
      }
      case "break":
      case "continue":
        return node.kind;
      case "template":
        yield* this.#invoke(node, dot);
        return undefined;
      default: {
        const outer = this.#variables.length;
        const jump = yield* this.#branch(node, dot);
        this.#variables.length = outer;
        return jump;
      }
    }
  }

  *#branch(node: Branch, dot: unknown): Generator<string, Jump> {
    if (node.kind === "range") {
      return yield* this.#range(node, this.#run(node.pipe, dot), dot);
    }
    const value = this.#pipe(node.pipe, dot);
    if (!isTrue(value)) return yield* this.#body(node.otherwise, dot);
    return yield* this.#body(node.body, node.kind === "with" ? value : dot);
  }

  *#range(node: Branch, value: unknown, dot: unknown): Generator<string, Jump> {
    let isEmpty = true;
    const outer = this.#variables.length;
    const { variables, declares } = node.pipe;
    if (typeof value === "number" && variables.length === 2) {
      const { text } = node.pipe.commands.at(-1)!;
      throw this.#error(
        node.pipe.at,
        text,
        `can't use ${show(value)} to iterate over more than one variable`,
      );
    }
    for (const [key, item] of this.#elements(node.pipe, value)) {
      isEmpty = false;
      const values = variables.length === 2 ? [key, item] : [item];
      for (const [index, name] of variables.entries()) {
        this.#give(name, values[index], declares);
      }
      const jump = yield* this.#body(node.body, item);
      this.#variables.length = outer;
      if (jump === "break") break;
    }
    return isEmpty ? yield* this.#body(node.otherwise, dot) : undefined;
  }

  *#elements(pipe: Pipe, value: unknown): Generator<[unknown, unknown]> {
    if (isNil(value)) return;
    if (Array.isArray(value)) yield* value.entries();
    else if (isMap(value)) {
      for (const key of sortedKeys(value)) yield [key, value[key]];
    } else if (typeof value === "number" && Number.isInteger(value)) {
      for (let index = 0; index < value; index++) yield [index, index];
    } else {
      const call = pipe.commands.at(-1)!;
      throw this.#error(
        pipe.at,
        call.text,
        `range can't iterate over ${show(value)}`,
      );
    }
  }

  *#invoke(
    node: Extract<Node, { kind: "template" }>,
    dot: unknown,
  ): Generator<string> {
    const body = this.#template.defined.get(node.name);
    const text = `{{template ${JSON.stringify(node.name)}}}`;
    if (body === undefined) {
      throw this.#error(
        node.at,
        text,
        `template ${JSON.stringify(node.name)} not defined`,
      );
    }
    if (++this.#calls > CALL_LIMIT) {
      throw this.#error(node.at, text, "exceeded maximum template depth");
    }
    const value = node.pipe && this.#pipe(node.pipe, dot);
    const outer = this.#variables;
    this.#variables = [{ name: "$", value }];
    yield* this.#body(body, value);
    this.#variables = outer;
    this.#calls--;
  }

  /** The value of a pipeline, which its variable is given too. */
  #pipe(pipe: Pipe, dot: unknown): unknown {
    const value = this.#run(pipe, dot);
    for (const name of pipe.variables) this.#give(name, value, pipe.declares);
    return value;
  }

  #run(pipe: Pipe, dot: unknown): unknown {
    let value: unknown;
    for (const [index, call] of pipe.commands.entries()) {
      value = this.#call(call, dot, index === 0 ? [] : [value]);
    }
    return value;
  }

  #give(name: string, value: unknown, declares: boolean): void {
    if (declares) this.#variables.push({ name, value });
    else this.#variable(name).value = value;
  }

  #call(call: Call, dot: unknown, piped: readonly unknown[]): unknown {
    const { head, args } = call;
    if (head.kind !== "function" || head.fields.length > 0) {
      if (args.length + piped.length > 0) {
        throw this.#error(
          head.at,
          head.text,
          `can't give argument to non-function ${head.text}`,
        );
      }
      if (head.kind === "nil") {
        throw this.#error(head.at, "nil", "nil is not a command");
      }
      return this.#operand(head, dot);
    }
    const count = args.length + piped.length;
    if (count > 0 && (head.name === "and" || head.name === "or")) {
      return this.#choose(head.name, args, dot, piped);
    }
    const values = args.map((arg) => this.#operand(arg, dot));
    return this.#apply(head.name, call, [...values, ...piped]);
  }

  /** `and` and `or` look at no more arguments than they need. */
  #choose(
    name: "and" | "or",
    args: readonly Operand[],
    dot: unknown,
    piped: readonly unknown[],
  ): unknown {
    let value: unknown;
    for (const arg of args) {
      value = this.#operand(arg, dot);
      if (isTrue(value) === (name === "or")) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  #apply(name: string, call: Call, values: readonly unknown[]): unknown {
    const { run, min, max = Infinity } = this.#functions.get(name)!;
    if (values.length < min || values.length > max) {
      throw this.#error(
        call.head.at,
        name,
        `wrong number of args for ${name}: want ${
          max === Infinity ? `at least ${min}` : min
        } got ${values.length}`,
      );
    }
    try {
      return run(...values);
    } catch (error) {
      if (!(error instanceof TemplateError)) {
        const message = error instanceof Error ? error.message : String(error);
        throw this.#error(
          call.head.at,
          call.text,
          `error calling ${name}: ${message}`,
        );
      }
      throw error;
    }
  }

  #operand(operand: Operand, dot: unknown): unknown {
    let value = this.#base(operand, dot);
    for (const name of operand.fields) {
      if (isNil(value)) return undefined;
      if (!isMap(value)) {
        const type = operand.kind === "literal"
          ? typeName(value)
          : "interface {}";
        throw this.#error(
          operand.at,
          operand.text,
          `can't evaluate field ${name} in type ${type}`,
        );
      }
      value = valueAt(value, name);
    }
    return value;
  }

  #base(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case "literal":
        return operand.value;
      case "nil":
        return null;
      case "dot":
        return dot;
      case "variable":
        return this.#variable(operand.name).value;
      case "pipe": {
        const outer = this.#variables.length;
        const value = this.#pipe(operand.pipe, dot);
        this.#variables.length = outer;
        return value;
      }
      case "function":
        return this.#apply(operand.name, {
          head: operand,
          args: [],
          at: operand.at,
          text: operand.text,
        }, []);
    }
  }

  /** The newest variable of a name; the parser has seen that there is one. */
  #variable(name: string): Variable {
    return this.#variables.findLast((variable) => variable.name === name)!;
  }

  #error(at: number, text: string, message: string): TemplateError {
    const source = this.#template.text;
    const column = at - (source.lastIndexOf("\n", at - 1) + 1);
    return new TemplateError(
      `${TEMPLATE_NAME}:${
        lineOf(source, at)
      }:${column}: executing "${TEMPLATE_NAME}" at <${text}>: ${message}`,
    );
  }
}

/** How a body ended before its last node. */
type Jump = "break" | "continue" | undefined;
