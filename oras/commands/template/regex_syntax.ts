import {
  type CharTest,
  oneOf,
  regexError,
  type RegexFlags,
} from "./regex_char.ts";
import { parseClass, parseClassEscape } from "./regex_class.ts";

/** What a place in the text must be, without a character of its own. */
export type Place =
  | "textStart"
  | "textEnd"
  | "lineStart"
  | "lineEnd"
  | "wordEdge"
  | "noWordEdge";

/** A part of a pattern. */
export type RegexNode =
  | { readonly type: "char"; readonly test: CharTest }
  | { readonly type: "place"; readonly place: Place }
  | { readonly type: "all"; readonly nodes: readonly RegexNode[] }
  | { readonly type: "any"; readonly nodes: readonly RegexNode[] }
  | {
    readonly type: "group";
    readonly node: RegexNode;
    readonly index: number;
  }
  | {
    readonly type: "repeat";
    readonly node: RegexNode;
    readonly min: number;
    readonly max: number;
    readonly greedy: boolean;
  };

/** A pattern that was read. */
export interface ParsedRegex {
  readonly node: RegexNode;
  /** The names of the groups by number; the whole match is 0. */
  readonly names: readonly (string | undefined)[];
}

const SPECIAL = /[\\.+*?()|[\]{}^$]/g;
const MAX_REPEAT = 1000;
const MAX_DEPTH = 500;
const NO_FLAGS: RegexFlags = {
  ignoreCase: false,
  multiLine: false,
  dotAll: false,
  ungreedy: false,
};
const FLAG_NAMES: Readonly<Record<string, keyof RegexFlags>> = {
  i: "ignoreCase",
  m: "multiLine",
  s: "dotAll",
  U: "ungreedy",
};
const PLACES: Readonly<Record<string, Place>> = {
  "\\A": "textStart",
  "\\z": "textEnd",
  "\\b": "wordEdge",
  "\\B": "noWordEdge",
};

/**
 * Reads a pattern in the syntax of Go's package regexp (RE2's), which has neither
 * backreferences nor lookaround: what matches it can be found in linear time.
 */
export function parseRegex(pattern: string): ParsedRegex {
  const parser = new RegexParser(pattern);
  return { node: parser.parse(), names: parser.names };
}

class RegexParser {
  readonly names: (string | undefined)[] = [undefined];
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    // What stands between `\Q` and `\E` is taken as it is.
    this.#text = text.replace(
      /\\Q(.*?)(?:\\E|$)|\\./gs,
      (all, quoted?: string) => quoted?.replace(SPECIAL, "\\$&") ?? all,
    );
  }

  parse(): RegexNode {
    const node = this.#alternatives(NO_FLAGS);
    if (this.#at < this.#text.length) {
      throw regexError("unexpected )", this.#text);
    }
    return node;
  }

  /** What is left, up to so many characters. */
  #ahead(length = 1): string {
    return this.#text.slice(this.#at, this.#at + length);
  }

  #match(form: RegExp): RegExpExecArray | null {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #alternatives(outer: RegexFlags): RegexNode {
    if (++this.#depth > MAX_DEPTH) {
      throw regexError("expression nests too deeply", this.#text);
    }
    // Flags hold from where they stand to the end of the group.
    let flags = outer;
    const branches: RegexNode[] = [];
    let nodes: RegexNode[] = [];
    while (this.#at < this.#text.length && this.#ahead() !== ")") {
      if (this.#ahead() === "|") {
        this.#at++;
        branches.push({ type: "all", nodes });
        nodes = [];
        continue;
      }
      const set = this.#match(/\(\?([imsU]*)(?:-([imsU]+))?\)/y);
      if (set !== null && set[0].length > 3) {
        flags = withFlags(flags, set[1], set[2]);
        continue;
      }
      if (set !== null) this.#at -= set[0].length;
      nodes.push(this.#repeated(flags));
    }
    this.#depth--;
    const last: RegexNode = { type: "all", nodes };
    return branches.length === 0
      ? last
      : { type: "any", nodes: [...branches, last] };
  }

  #repeated(flags: RegexFlags): RegexNode {
    const from = this.#at;
    let node = this.#atom(flags);
    const start = this.#at;
    for (let count = 0;; count++) {
      const found = this.#match(/(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\??)/y);
      if (found === null) return node;
      const [all, sign, low, comma, high, lazy] = found;
      if (count > 0) {
        throw regexError(
          "invalid nested repetition operator",
          this.#text.slice(start, this.#at),
        );
      }
      const min = low === undefined ? (sign === "+" ? 1 : 0) : Number(low);
      const max = low === undefined
        ? (sign === "?" ? 1 : Infinity)
        : comma === undefined
        ? min
        : high === ""
        ? Infinity
        : Number(high);
      const isHuge = min > MAX_REPEAT || max !== Infinity && max > MAX_REPEAT;
      if (isHuge || min > max) {
        throw regexError("invalid repeat count", all.replace(/\?$/, ""));
      }
      if (this.#at <= from) throw regexError("invalid repetition", all);
      node = {
        type: "repeat",
        node,
        min,
        max,
        greedy: (lazy === "") !== flags.ungreedy,
      };
    }
  }

  #atom(flags: RegexFlags): RegexNode {
    const char = this.#ahead();
    switch (char) {
      case "(":
        return this.#group(flags);
      case "[": {
        const { test, end } = parseClass(this.#text, this.#at, flags);
        this.#at = end;
        return { type: "char", test };
      }
      case ".":
        this.#at++;
        return {
          type: "char",
          test: flags.dotAll ? () => true : (char) => char !== 10,
        };
      case "^":
        this.#at++;
        return {
          type: "place",
          place: flags.multiLine ? "lineStart" : "textStart",
        };
      case "$":
        this.#at++;
        return {
          type: "place",
          place: flags.multiLine ? "lineEnd" : "textEnd",
        };
      case "*":
      case "+":
      case "?":
        throw regexError("missing argument to repetition operator", char);
      case "\\": {
        const place = PLACES[this.#ahead(2)];
        if (place !== undefined) {
          this.#at += 2;
          return { type: "place", place };
        }
        const { test, end } = parseClassEscape(this.#text, this.#at, flags);
        this.#at = end;
        return { type: "char", test };
      }
      default: {
        const code = this.#text.codePointAt(this.#at)!;
        this.#at += code > 0xffff ? 2 : 1;
        return { type: "char", test: oneOf(code, flags) };
      }
    }
  }

  #group(flags: RegexFlags): RegexNode {
    const start = this.#at;
    const open = this.#match(
      /\((?:\?(?:P?<(\w+)>|([imsU]*)(?:-([imsU]+))?:))?(?!\?)/y,
    );
    if (open === null) {
      const name = this.#match(/\(\?P?<[^>]*>?/y)?.[0];
      if (name === undefined) {
        throw regexError(
          "invalid or unsupported Perl syntax",
          this.#match(/\(\?[imsU-]*.?/ys)![0],
        );
      }
      throw regexError(
        "invalid named capture",
        name.endsWith(">") ? name : this.#text.slice(start),
      );
    }
    const [, name, on, off] = open;
    const isCaptured = on === undefined;
    const index = this.names.length;
    if (isCaptured) {
      this.names.push(name);
    }
    const node = this.#alternatives(withFlags(flags, on, off));
    if (this.#ahead() !== ")") {
      throw regexError("missing closing )", this.#text.slice(start));
    }
    this.#at++;
    return isCaptured ? { type: "group", node, index } : node;
  }
}

function withFlags(
  flags: RegexFlags,
  on: string | undefined = "",
  off: string | undefined = "",
): RegexFlags {
  const set = (letters: string, value: boolean) =>
    [...letters].map((letter) => [FLAG_NAMES[letter]!, value]);
  return {
    ...flags,
    ...Object.fromEntries([...set(on, true), ...set(off, false)]),
  };
}
