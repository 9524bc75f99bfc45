/** Whether a character, given as its code point, is one of those that are meant. */
export type CharTest = (char: number) => boolean;

/** The flags that `(?ims)` sets. */
export interface RegexFlags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly ungreedy: boolean;
}

/** The error of a pattern that is none, in Go's words. */
export function regexError(reason: string, text: string): Error {
  return new Error(`error parsing regexp: ${reason}: \`${text}\``);
}

/** The test for one character, in both cases where case is ignored. */
export function oneOf(code: number, flags: RegexFlags): CharTest {
  if (!flags.ignoreCase) return (char) => char === code;
  const form = new RegExp(`\\u{${code.toString(16)}}`, "iu");
  return (char) => form.test(String.fromCodePoint(char));
}

/** A test that any case of a character passes, where case is ignored. */
export function folded(test: CharTest, { ignoreCase }: RegexFlags): CharTest {
  if (!ignoreCase) return test;
  return (char) => {
    if (test(char)) return true;
    const text = String.fromCodePoint(char);
    return test(single(text.toLowerCase(), char)) ||
      test(single(text.toUpperCase(), char));
  };
}

function single(text: string, otherwise: number): number {
  const code = text.codePointAt(0)!;
  return text.length === (code > 0xffff ? 2 : 1) ? code : otherwise;
}
