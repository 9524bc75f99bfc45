import { isWord } from "./regex_class.ts";
import { type CharTest, regexError } from "./regex_char.ts";
import { parseRegex, type Place, type RegexNode } from "./regex_syntax.ts";

/** So large a program takes some megabytes, and some time for each character. */
const MAX_STEPS = 20_000;

/** A step of the program that a pattern becomes. */
type Step =
  | { readonly type: "char"; readonly test: CharTest }
  | { readonly type: "place"; readonly place: Place }
  | { readonly type: "save"; readonly slot: number }
  | { readonly type: "fork"; first: number; second: number }
  | { readonly type: "match" };

/** Where a match and its groups begin and end: two numbers for each group. */
type Slots = readonly (number | undefined)[];

/** A way through the program that still may lead to a match. */
interface Thread {
  readonly at: number;
  readonly slots: Slots;
}

/**
 * A pattern of Go's package regexp.
 *
 * All ways through the pattern are followed at once, one character after the other,
 * so that the time grows with the length of the text times that of the pattern, and
 * no pattern can make it run for ever: JavaScript's own engine tries one way after
 * the other, of which there can be more than anybody can wait for.
 */
export class GoRegex {
  readonly #steps: Step[] = [];
  readonly #names: readonly (string | undefined)[];

  /** Reads a pattern; one that is none is an `Error` in Go's words. */
  constructor(pattern: string) {
    const { node, names } = parseRegex(pattern);
    this.#names = names;
    this.#emit({ type: "group", node, index: 0 }, pattern);
    this.#steps.push({ type: "match" });
  }

  /** Whether it matches anywhere. */
  test(text: string): boolean {
    return this.#exec(codesOf(text), 0) !== undefined;
  }

  /** The first match; undefined where there is none. */
  find(text: string): string | undefined {
    const codes = codesOf(text);
    const found = this.#exec(codes, 0);
    return found && textOf(codes, found[0]!, found[1]!);
  }

  /** The matches one after the other, up to so many; all where the number is negative. */
  findAll(text: string, most: number): string[] {
    const codes = codesOf(text);
    return this.#all(codes, most).map(([from, to]) => textOf(codes, from, to));
  }

  /** The pieces between the matches, up to so many; all where the number is negative. */
  split(text: string, most: number): string[] {
    if (most === 0) return [];
    if (text === "" && this.#steps.length > 3) return [""];
    const codes = codesOf(text);
    const pieces: string[] = [];
    let from = 0;
    let end = 0;
    for (const [start, stop] of this.#all(codes, most)) {
      if (most > 0 && pieces.length === most - 1) break;
      end = start;
      if (stop !== 0) pieces.push(textOf(codes, from, end));
      from = stop;
    }
    if (end !== codes.length) pieces.push(textOf(codes, from, codes.length));
    return pieces;
  }

  /** The text with another one in the place of each match. */
  replaceAll(text: string, replacement: string): string {
    return this.#replace(text, (codes, slots) => {
      const group = (name: string): string => {
        const at = /^\d+$/.test(name)
          ? Number(name)
          : this.#names.indexOf(name);
        const [from, to] = [slots[2 * at], slots[2 * at + 1]];
        return from === undefined || to === undefined || at < 0
          ? ""
          : textOf(codes, from, to);
      };
      return replacement.replace(
        /\$(?:(\$)|\{(\w+)\}|(\w+))/g,
        (_, dollar, long, short) => dollar ?? group(long ?? short),
      );
    });
  }

  /** The same with a text that is taken as it is. */
  replaceAllLiteral(text: string, replacement: string): string {
    return this.#replace(text, () => replacement);
  }

  #replace(
    text: string,
    make: (codes: readonly number[], slots: Slots) => string,
  ): string {
    const codes = codesOf(text);
    let result = "";
    let end = 0;
    for (let at = 0; at <= codes.length;) {
      const slots = this.#exec(codes, at);
      if (slots === undefined) break;
      const [from, to] = [slots[0]!, slots[1]!];
      result += textOf(codes, end, from);
      // An empty match right behind another match does not count.
      if (to > end || from === 0) result += make(codes, slots);
      end = to;
      at = Math.max(at + 1, to);
    }
    return result + textOf(codes, end, codes.length);
  }

  #all(codes: readonly number[], most: number): [number, number][] {
    const found: [number, number][] = [];
    let end = -1;
    for (let at = 0; at <= codes.length;) {
      if (most >= 0 && found.length >= most) break;
      const slots = this.#exec(codes, at);
      if (slots === undefined) break;
      const [from, to] = [slots[0]!, slots[1]!];
      // An empty match right behind another match does not count.
      if (to > at || from !== end) found.push([from, to]);
      end = to;
      at = to > at ? to : at + 1;
    }
    return found;
  }

  /** Adds the steps of a part of the pattern. */
  #emit(node: RegexNode, pattern: string): void {
    const steps = this.#steps;
    if (steps.length > MAX_STEPS) {
      throw regexError("expression too large", pattern);
    }
    switch (node.type) {
      case "char":
      case "place":
        steps.push(node);
        return;
      case "all":
        for (const part of node.nodes) this.#emit(part, pattern);
        return;
      case "group":
        steps.push({ type: "save", slot: 2 * node.index });
        this.#emit(node.node, pattern);
        steps.push({ type: "save", slot: 2 * node.index + 1 });
        return;
      case "any": {
        const jumps = node.nodes.map((part, index) => {
          const fork = this.#fork();
          if (index === node.nodes.length - 1) fork.second = fork.first;
          this.#emit(part, pattern);
          const jump = this.#fork();
          if (fork.second !== fork.first) fork.second = steps.length;
          return jump;
        });
        for (const jump of jumps) jump.first = jump.second = steps.length;
        return;
      }
      case "repeat":
        return this.#emitRepeat(node, pattern);
    }
  }

  #emitRepeat(
    { node, min, max, greedy }: RegexNode & { type: "repeat" },
    pattern: string,
  ): void {
    const steps = this.#steps;
    const orders = (
      fork: Step & { type: "fork" },
      enter: number,
      leave: number,
    ) => {
      [fork.first, fork.second] = greedy ? [enter, leave] : [leave, enter];
    };
    for (let count = 1; count < min; count++) this.#emit(node, pattern);
    if (max !== Infinity) {
      if (min > 0) this.#emit(node, pattern);
      // Each further time is within the one before, so that one way leads out of all.
      const forks = [];
      for (let count = min; count < max; count++) {
        forks.push({ fork: this.#fork(), enter: steps.length });
        this.#emit(node, pattern);
      }
      for (const { fork, enter } of forks) orders(fork, enter, steps.length);
      return;
    }
    // `x*` is `(x+)?`: a part that can be empty is not taken once more for nothing.
    const skip = min === 0 ? this.#fork() : undefined;
    const enter = steps.length;
    this.#emit(node, pattern);
    const again = this.#fork();
    orders(again, enter, steps.length);
    if (skip !== undefined) orders(skip, enter, steps.length);
  }

  #fork(): Step & { type: "fork" } {
    const at = this.#steps.length + 1;
    const step: Step & { type: "fork" } = {
      type: "fork",
      first: at,
      second: -1,
    };
    this.#steps.push(step);
    return step;
  }

  /** The first match at or behind a place; of those that begin there, the one that comes first. */
  #exec(codes: readonly number[], from: number): Slots | undefined {
    const steps = this.#steps;
    const seen = new Int32Array(steps.length).fill(-1);
    let threads: Thread[] = [];
    let best: Slots | undefined;
    for (let place = from;; place++) {
      const next: Thread[] = [];
      // A thread's ways are followed in their order until each stands before a character.
      const follow = (start: Thread, into: Thread[], place: number): void => {
        const waiting = [start];
        for (let thread = waiting.pop(); thread; thread = waiting.pop()) {
          const { at, slots } = thread;
          if (seen[at] === place) continue;
          seen[at] = place;
          const step = steps[at]!;
          if (step.type === "fork") {
            waiting.push({ at: step.second, slots }, { at: step.first, slots });
          } else if (step.type === "save") {
            const saved = slots.slice();
            saved[step.slot] = place;
            waiting.push({ at: at + 1, slots: saved });
          } else if (step.type !== "place") into.push(thread);
          else if (isAt(step.place, codes, place)) {
            waiting.push({ at: at + 1, slots });
          }
        }
      };
      if (best === undefined) follow({ at: 0, slots: [] }, threads, place);
      const code = codes[place];
      for (const thread of threads) {
        const step = steps[thread.at]!;
        if (step.type === "match") {
          best = thread.slots;
          // All others come later in the order.
          break;
        }
        if (code !== undefined && step.type === "char" && step.test(code)) {
          follow({ at: thread.at + 1, slots: thread.slots }, next, place + 1);
        }
      }
      if (code === undefined || next.length === 0 && best !== undefined) {
        return best;
      }
      threads = next;
    }
  }
}

function isAt(place: Place, codes: readonly number[], at: number): boolean {
  const [before, after] = [codes[at - 1], codes[at]];
  switch (place) {
    case "textStart":
      return at === 0;
    case "textEnd":
      return at === codes.length;
    case "lineStart":
      return at === 0 || before === 10;
    case "lineEnd":
      return at === codes.length || after === 10;
    default: {
      const isEdge = (before !== undefined && isWord(before)) !==
        (after !== undefined && isWord(after));
      return isEdge === (place === "wordEdge");
    }
  }
}

function codesOf(text: string): number[] {
  return Array.from(text, (char) => char.codePointAt(0)!);
}

function textOf(codes: readonly number[], from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCodePoint(codes[at]!);
  return text;
}
