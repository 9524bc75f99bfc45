import { TEMPLATE_NAME, TemplateError } from "./template_error.ts";

/** What a token is. Words that stand for something else are told apart by their text. */
export type TokenKind =
  | "text"
  | "open"
  | "close"
  | "field"
  | "variable"
  | "word"
  | "dot"
  | "string"
  | "char"
  | "number"
  | "symbol"
  | "end";

/** A token of a template. */
export interface Token {
  /** What it is. */
  readonly kind: TokenKind;
  /** Its text; of a string or character what it stands for, of a field its name. */
  readonly text: string;
  /** Where it begins, in characters from the template's first. */
  readonly at: number;
  /** Whether white space stands before it, which ends a chain of fields. */
  readonly spaced: boolean;
}

const ACTION = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<field>\.[\p{L}_][\p{L}\p{Nd}_]*)`,
    String.raw`(?<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|` +
    String.raw`(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?))`,
    String.raw`(?<dot>\.)`,
    String.raw`(?<variable>\$[\p{L}\p{Nd}_]*)`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{Nd}_]*)`,
    String.raw`(?<string>"(?:[^"\\\n]|\\.)*"|` + "`[^`]*`)",
    String.raw`(?<char>'(?:[^'\\\n]|\\.)*')`,
    String.raw`(?<symbol>:=|[=|(),])`,
  ].join("|"),
  "yu",
);

/** The number of the line that a place in a template is in, from 1. */
export function lineOf(template: string, at: number): number {
  return template.slice(0, at).split("\n").length;
}

/** Takes a template apart (Go's text/template, "Actions"). */
export function readTokens(template: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimsLeft = false;
  while (at <= template.length) {
    const open = template.indexOf("{{", at);
    let text = template.slice(at, open < 0 ? template.length : open);
    if (trimsLeft) text = text.replace(/^[ \t\r\n]+/, "");
    const trimsRight = open >= 0 &&
      /^-[ \t\r\n]/.test(template.slice(open + 2));
    if (trimsRight) text = text.replace(/[ \t\r\n]+$/, "");
    if (text !== "") tokens.push({ kind: "text", text, at, spaced: false });
    if (open < 0) break;
    const start = open + (trimsRight ? 3 : 2);
    ({ at, trimsLeft } = readAction(template, open, start, tokens));
  }
  tokens.push({ kind: "end", text: "", at: template.length, spaced: false });
  return tokens;
}

function readAction(
  template: string,
  open: number,
  start: number,
  tokens: Token[],
): { at: number; trimsLeft: boolean } {
  const comment = /\s*\/\*[^]*?\*\/(\s+-)?\}\}/y;
  comment.lastIndex = start;
  const found = comment.exec(template);
  if (found !== null) {
    return { at: comment.lastIndex, trimsLeft: found[1] !== undefined };
  }
  tokens.push({ kind: "open", text: "{{", at: open, spaced: false });
  let at = start;
  let spaced = true;
  while (true) {
    const close = /(?:\s+-)?\}\}/y;
    close.lastIndex = at;
    const end = close.exec(template);
    if (end !== null) {
      tokens.push({ kind: "close", text: "}}", at, spaced });
      return { at: close.lastIndex, trimsLeft: end[0].length > 2 };
    }
    ACTION.lastIndex = at;
    const match = ACTION.exec(template);
    if (match === null) throw unreadable(template, at);
    const groups = match.groups!;
    const kind = Object.keys(groups).find((name) =>
      groups[name] !== undefined
    )!;
    if (kind !== "space") {
      tokens.push({
        kind: kind as TokenKind,
        text: tokenText(template, kind, match[0], at),
        at,
        spaced,
      });
    }
    spaced = kind === "space";
    at = ACTION.lastIndex;
  }
}

function tokenText(
  template: string,
  kind: string,
  text: string,
  at: number,
): string {
  if (kind === "field") return text.slice(1);
  if (kind === "char") {
    const char = unquote(template, text, at);
    if ([...char].length === 1) return char;
    throw syntaxError(template, at, `malformed character constant: ${text}`);
  }
  if (kind !== "string") return text;
  return text.startsWith("`") ? text.slice(1, -1) : unquote(template, text, at);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** What a string of Go's syntax stands for. */
function unquote(template: string, text: string, at: number): string {
  return text.slice(1, -1).replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs,
    (whole, x, u, long, octal, char) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8));
      const found = ESCAPES[char];
      if (found !== undefined) return found;
      throw syntaxError(template, at, `invalid syntax in ${whole}`);
    },
  );
}

/** An error of a template's syntax. */
export function syntaxError(
  template: string,
  at: number,
  message: string,
): TemplateError {
  return new TemplateError(
    `${TEMPLATE_NAME}:${lineOf(template, at)}: ${message}`,
  );
}

function unreadable(template: string, at: number): TemplateError {
  const rest = template.slice(at);
  if (rest === "") return syntaxError(template, at, "unclosed action");
  if (/^["`]/.test(rest)) {
    return syntaxError(template, at, "unterminated quoted string");
  }
  if (rest.startsWith("'")) {
    return syntaxError(template, at, "unterminated character constant");
  }
  if (rest.startsWith("/*")) {
    return syntaxError(template, at, "unclosed comment");
  }
  const char = String.fromCodePoint(rest.codePointAt(0)!);
  const code = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return syntaxError(
    template,
    at,
    `unrecognized character in action: U+${code} '${char}'`,
  );
}
