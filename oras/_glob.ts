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
  const tests = alternatives(pattern).map((one) => toRegExp(one, pattern));
  return (name) =>
    name.length <= MAX_LENGTH && tests.some((test) => test.test(name));
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

function toRegExp(one: string, pattern: string): RegExp {
  let source = "";
  for (let at = 0; at < one.length; at++) {
    const character = one[at]!;
    if (character === "*") {
      let end = at;
      while (one[end + 1] === "*") end++;
      const isDeep = end > at;
      at = end;
      if (!isDeep) source += "[^/]*";
      else if (one[at + 1] === "/") {
        // `**/a` is also `a`.
        source += "(?:.*/)?";
        at++;
      } else source += ".*";
    } else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const end = setEnd(one, at, pattern);
      source += `(?!/)${setSource(one.slice(at + 1, end))}`;
      at = end;
    } else {
      if (character === "\\" && at + 1 < one.length) at++;
      source += one[at]!.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
    }
  }
  try {
    return new RegExp(`^${source}$`, "s");
  } catch (cause) {
    throw malformed(pattern, "a range is the wrong way round", cause);
  }
}

function setSource(set: string): string {
  const isInverse = /^[!^]/.test(set);
  const members = (isInverse ? set.slice(1) : set).replace(/[\\\][^]/g, "\\$&");
  return `[${isInverse ? "^" : ""}${members}]`;
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
