import {
  type CharTest,
  folded,
  regexError,
  type RegexFlags,
} from "./regex_char.ts";

/** A test that was read, and where it ends in the pattern. */
export interface ReadTest {
  readonly test: CharTest;
  readonly end: number;
}

/** One character, or a test for many. */
interface ClassItem {
  readonly code?: number;
  readonly test?: CharTest;
  readonly end: number;
}

type Ranges = readonly (readonly [number, number])[];

const DIGITS: Ranges = [[0x30, 0x39]];
const UPPER: Ranges = [[0x41, 0x5a]];
const LOWER: Ranges = [[0x61, 0x7a]];
const SPACES: Ranges = [[0x09, 0x0a], [0x0c, 0x0d], [0x20, 0x20]];
const WORD: Ranges = [...DIGITS, ...UPPER, [0x5f, 0x5f], ...LOWER];

/** The classes of POSIX, which RE2 has for ASCII. */
const POSIX: Readonly<Record<string, Ranges>> = {
  alnum: [...DIGITS, ...UPPER, ...LOWER],
  alpha: [...UPPER, ...LOWER],
  ascii: [[0x00, 0x7f]],
  blank: [[0x09, 0x09], [0x20, 0x20]],
  cntrl: [[0x00, 0x1f], [0x7f, 0x7f]],
  digit: DIGITS,
  graph: [[0x21, 0x7e]],
  lower: LOWER,
  print: [[0x20, 0x7e]],
  punct: [[0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]],
  space: [[0x09, 0x0d], [0x20, 0x20]],
  upper: UPPER,
  word: WORD,
  xdigit: [...DIGITS, [0x41, 0x46], [0x61, 0x66]],
};

const PERL: Readonly<Record<string, Ranges>> = {
  d: DIGITS,
  s: SPACES,
  w: WORD,
};

const CONTROLS: Readonly<Record<string, number>> = {
  a: 7,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

/** Whether a character is one of a word: in RE2 that is ASCII. */
export const isWord: CharTest = inRanges(WORD);

/** Reads what is in square brackets. */
export function parseClass(
  text: string,
  start: number,
  flags: RegexFlags,
): ReadTest {
  const isNegated = text[start + 1] === "^";
  let at = start + (isNegated ? 2 : 1);
  const tests: CharTest[] = [];
  for (let isFirst = true; isFirst || text[at] !== "]"; isFirst = false) {
    if (at >= text.length) {
      throw regexError("missing closing ]", text.slice(start));
    }
    const low = posixClass(text, at) ?? classItem(text, at);
    at = low.end;
    if (low.test !== undefined) {
      tests.push(low.test);
      continue;
    }
    const isRange = text[at] === "-" && at + 1 < text.length &&
      text[at + 1] !== "]";
    const high = isRange ? classItem(text, at + 1) : low;
    if (high.code === undefined || high.code < low.code!) {
      throw regexError(
        "invalid character class range",
        text.slice(at - 1, high.end),
      );
    }
    at = high.end;
    tests.push(inRanges([[low.code!, high.code]]));
  }
  const test = folded((char) => tests.some((test) => test(char)), flags);
  return { test: isNegated ? (char) => !test(char) : test, end: at + 1 };
}

/** Reads a backslash and what it stands for. */
export function parseClassEscape(
  text: string,
  start: number,
  flags: RegexFlags,
): ReadTest {
  const { code, test, end } = escape(text, start);
  return {
    test: folded(test ?? ((char) => char === code), flags),
    end,
  };
}

function classItem(text: string, at: number): ClassItem {
  if (text[at] === "\\") return escape(text, at);
  const code = text.codePointAt(at);
  if (code === undefined) throw regexError("missing closing ]", text);
  return { code, end: at + (code > 0xffff ? 2 : 1) };
}

function posixClass(text: string, at: number): ClassItem | undefined {
  const found = matchAt(/\[:(\^?)(\w+):\]/y, text, at);
  if (found === null) return undefined;
  const [all, isNegated, name = ""] = found;
  const ranges = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined;
  if (ranges === undefined) {
    throw regexError("invalid character class range", all);
  }
  return { test: inRanges(ranges, isNegated !== ""), end: at + all.length };
}

function escape(text: string, at: number): ClassItem {
  const found = matchAt(
    /\\(?:([dswDSW])|([pP])(?:\{(\^?)([^}]*)\}|(\w))|x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})|(0[0-7]{0,2}|[1-7][0-7]{1,2})|([afnrtv])|([!-/:-@[-`{-~]))/y,
    text,
    at,
  );
  const [
    all,
    perl,
    kind,
    not,
    long,
    short,
    hex,
    longHex,
    octal,
    control,
    sign,
  ] = found ?? [];
  if (all === undefined) {
    if (at + 1 >= text.length) {
      throw new Error(
        "error parsing regexp: trailing backslash at end of expression: ``",
      );
    }
    throw regexError("invalid escape sequence", text.slice(at, at + 2));
  }
  const end = at + all.length;
  if (perl !== undefined) {
    const ranges = PERL[perl.toLowerCase()]!;
    return { test: inRanges(ranges, perl < "a"), end };
  }
  if (kind !== undefined) {
    const isNegated = (kind === "P") !== (not === "^");
    return { test: property(long ?? short!, isNegated, all), end };
  }
  if (control !== undefined) return { code: CONTROLS[control]!, end };
  if (sign !== undefined) return { code: sign.codePointAt(0)!, end };
  const code = octal === undefined
    ? parseInt(hex ?? longHex!, 16)
    : parseInt(octal, 8);
  if (code > 0x10ffff) throw regexError("invalid escape sequence", all);
  return { code, end };
}

/** A category of Unicode, of one or two letters, or a script. */
function property(name: string, isNegated: boolean, seen: string): CharTest {
  if (name === "Any") return () => !isNegated;
  const sign = isNegated ? "P" : "p";
  try {
    const form = new RegExp(
      name.length <= 2 ? `\\${sign}{gc=${name}}` : `\\${sign}{sc=${name}}`,
      "u",
    );
    return (char) => form.test(String.fromCodePoint(char));
  } catch {
    throw regexError("invalid character class range", seen);
  }
}

function inRanges(ranges: Ranges, isNegated = false): CharTest {
  return (char) =>
    ranges.some(([low, high]) => char >= low && char <= high) !== isNegated;
}

function matchAt(
  form: RegExp,
  text: string,
  at: number,
): RegExpExecArray | null {
  form.lastIndex = at;
  return form.exec(text);
}
