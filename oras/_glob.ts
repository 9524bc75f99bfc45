/** Longer names match nothing: no file system knows them. */
const MAX_LENGTH = 4096;

/** How many patterns one pattern with braces may stand for. */
const MAX_ALTERNATIVES = 1000;

/**
 * Makes a test for names out of a pattern. `*` and `?` stand for what has no slash,
 * `**` for anything, `[a-z]` and `[!a-z]` for a character, `{a,b}` for a choice, and
 * `\` takes the next character as it is. The whole name must match.
 *
 * @throws {TypeError} A bracket or brace is not closed.
 */
export function globTest(pattern: string): (name: string) => boolean {
  const choices = alternatives(pattern).map((one) => toSteps(one, pattern));
  return (name) =>
    name.length <= MAX_LENGTH && choices.some((steps) => matches(steps, name));
}

/** The patterns without braces that a pattern stands for. */
function alternatives(pattern: string): readonly string[] {
  const complete: string[] = [];
  const pending = [pattern];
  while (pending.length > 0) {
    const one = pending.pop()!;
    const choice = firstChoice(one, pattern);
    if (choice === undefined) {
      complete.push(one);
    } else {
      const { after, before, words } = choice;
      pending.push(...words.map((word) => `${before}${word}${after}`));
    }
    if (complete.length + pending.length > MAX_ALTERNATIVES) {
      throw malformed(pattern, `more than ${MAX_ALTERNATIVES} alternatives`);
    }
  }
  return complete;
}

interface Choice {
  readonly before: string;
  readonly words: readonly string[];
  readonly after: string;
}

function firstChoice(one: string, pattern: string): Choice | undefined {
  let depth = 0;
  let start = -1;
  let from = 0;
  const words: string[] = [];
  for (let at = 0; at < one.length; at++) {
    const character = one[at];
    if (character === "\\") at++;
    else if (character === "[") at = setEnd(one, at, pattern);
    else if (character === "{") {
      if (depth++ > 0) continue;
      start = at;
      from = at + 1;
    } else if (character === "," && depth === 1) {
      words.push(one.slice(from, at));
      from = at + 1;
    } else if (character === "}" && depth > 0 && --depth === 0) {
      words.push(one.slice(from, at));
      return { before: one.slice(0, start), words, after: one.slice(at + 1) };
    }
  }
  if (depth > 0) throw malformed(pattern, "a brace is not closed");
  return undefined;
}

/** Where a set of characters ends; a `]` at its beginning is one of them. */
function setEnd(text: string, start: number, pattern: string): number {
  let at = start + 1;
  if (text[at] === "!" || text[at] === "^") at++;
  const end = text.indexOf("]", at + 1);
  if (end < 0) throw malformed(pattern, "a bracket is not closed");
  return end;
}

/** A part of a pattern without braces. */
type Step =
  /** Takes one character, or any number of them. */
  | {
    readonly kind: "one" | "many";
    readonly takes: (character: string) => boolean;
  }
  /** So many of the steps behind it may be left out together. */
  | { readonly kind: "optional"; readonly length: number };

function toSteps(one: string, pattern: string): readonly Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < one.length; at++) {
    const character = String.fromCodePoint(one.codePointAt(at)!);
    at += character.length - 1;
    if (character === "*") {
      let end = at;
      while (one[end + 1] === "*") end++;
      const isDeep = end > at;
      at = end;
      if (!isDeep) steps.push({ kind: "many", takes: isNoSlash });
      else if (one[at + 1] !== "/") steps.push({ kind: "many", takes: isAny });
      else {
        // `**/a` is also `a`.
        steps.push({ kind: "optional", length: 2 });
        steps.push({ kind: "many", takes: isAny }, literal("/"));
        at++;
      }
    } else if (character === "?") {
      steps.push({ kind: "one", takes: isNoSlash });
    } else if (character === "[") {
      const end = setEnd(one, at, pattern);
      const set = setTest(one.slice(at + 1, end), pattern);
      steps.push({ kind: "one", takes: (one) => isNoSlash(one) && set(one) });
      at = end;
    } else if (character === "\\" && at + 1 < one.length) {
      const escaped = String.fromCodePoint(one.codePointAt(at + 1)!);
      steps.push(literal(escaped));
      at += escaped.length;
    } else steps.push(literal(character));
  }
  return steps;
}

function literal(wanted: string): Step {
  return { kind: "one", takes: (character) => character === wanted };
}

function isAny(): boolean {
  return true;
}

function isNoSlash(character: string): boolean {
  return character !== "/";
}

function setTest(
  set: string,
  pattern: string,
): (character: string) => boolean {
  const isInverse = /^[!^]/.test(set);
  const members = (isInverse ? set.slice(1) : set).replace(/[\\\][^]/g, "\\$&");
  try {
    const test = new RegExp(`^[${isInverse ? "^" : ""}${members}]$`, "su");
    return (character) => test.test(character);
  } catch (cause) {
    throw malformed(pattern, "a range is the wrong way round", cause);
  }
}

/**
 * Whether steps take a whole name. All ways through them are followed at once: a
 * regular expression tries them one after the other, and a name that a stranger
 * chose can make that take hours.
 */
function matches(steps: readonly Step[], name: string): boolean {
  let places = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  places[0] = 1;
  passOver(steps, places);
  for (const character of name) {
    next.fill(0);
    for (const [at, step] of steps.entries()) {
      if (places[at] === 0 || step.kind === "optional") continue;
      if (step.takes(character)) next[step.kind === "many" ? at : at + 1] = 1;
    }
    passOver(steps, next);
    [places, next] = [next, places];
  }
  return places[steps.length] === 1;
}

/** Adds the places that are reached without a character. */
function passOver(steps: readonly Step[], places: Uint8Array): void {
  for (const [at, step] of steps.entries()) {
    if (places[at] === 0 || step.kind === "one") continue;
    places[at + 1] = 1;
    if (step.kind === "optional") places[at + 1 + step.length] = 1;
  }
}

function malformed(
  pattern: string,
  reason: string,
  cause?: unknown,
): TypeError {
  return new TypeError(
    `Cannot read pattern ${JSON.stringify(pattern)}: ${reason}`,
    { cause },
  );
}
