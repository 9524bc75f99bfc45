/** One way in that a server offers. Follows RFC 9110 §11. */
export interface Challenge {
  /** The scheme in lower case, such as `basic` or `bearer`. */
  readonly scheme: string;
  /** The single token that some schemes carry in place of parameters. */
  readonly token68?: string;
  /** The parameters, names in lower case; of a repeated name the first. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const TOKEN68 = /[0-9A-Za-z._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)("|$)/y;
/** Laxer than a token, because servers leave URLs and scopes unquoted. */
const UNQUOTED = /[^\s,"]+/y;
const SPACE = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;

/**
 * Reads a `WWW-Authenticate` header: any number of challenges, in the order given.
 *
 * Several header lines arrive joined by commas, as HTTP allows, and commas also
 * part the parameters of one challenge; this reader tells them apart. It takes
 * what servers send beside the grammar: values without quotes, a quote that is
 * never closed, and parameters with no scheme before them, which are `Bearer`.
 * What cannot be read ends the list; nothing throws.
 *
 * @example
 * ```ts
 * import { parseChallenges } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const [bearer, basic] = parseChallenges(
 *   'Bearer realm="https://auth.example/token",scope="repository:app:pull,push", Basic realm="x"',
 * );
 * assertEquals(bearer?.parameters.get("scope"), "repository:app:pull,push");
 * assertEquals(basic?.scheme, "basic");
 * ```
 */
export function parseChallenges(header: string | null): Challenge[] {
  const reader = new Reader(header ?? "");
  const challenges: Challenge[] = [];
  reader.take(SEPARATORS);
  while (!reader.atEnd) {
    const challenge = readChallenge(reader);
    if (challenge === undefined) break;
    challenges.push(challenge);
  }
  return challenges;
}

function readChallenge(reader: Reader): Challenge | undefined {
  const start = reader.position;
  const scheme = reader.take(TOKEN)?.[0].toLowerCase();
  if (scheme === undefined) return undefined;
  if (reader.test(EQUALS)) {
    reader.position = start; // parameters that lack a scheme
    return { scheme: "bearer", parameters: readParameters(reader) };
  }
  reader.take(SPACE);
  const afterScheme = reader.position;
  const token68 = reader.take(TOKEN68)?.[0];
  // A lone word with no space before it is a scheme that has nothing to add.
  if (token68 !== undefined && afterScheme > start + scheme.length) {
    reader.take(SEPARATORS);
    return { scheme, token68, parameters: new Map() };
  }
  reader.position = afterScheme;
  reader.take(SEPARATORS);
  return { scheme, parameters: readParameters(reader) };
}

function readParameters(reader: Reader): Map<string, string> {
  const parameters = new Map<string, string>();
  for (;;) {
    const start = reader.position;
    const name = reader.take(TOKEN)?.[0].toLowerCase();
    if (name === undefined || reader.take(EQUALS) === undefined) {
      reader.position = start; // the next challenge's scheme, or the end
      return parameters;
    }
    const quoted = reader.take(QUOTED);
    const value = quoted
      ? quoted[1]!.replace(/\\([^])/g, "$1")
      : reader.take(UNQUOTED)?.[0] ?? "";
    if (!parameters.has(name)) parameters.set(name, value);
    reader.take(SEPARATORS);
  }
}

/** A position in a text, moved by sticky expressions. */
class Reader {
  position = 0;
  constructor(readonly text: string) {}

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.position += match[0].length;
    return match;
  }

  test(pattern: RegExp): boolean {
    pattern.lastIndex = this.position;
    return pattern.test(this.text);
  }
}
