/** What Go's expressions have and JavaScript's read as something else. */
const GO_ONLY = /\\[AzZQEpPC]|\[\[:|\(\?P|\(\?[a-zA-Z-]+\)/;

/**
 * Reads a regular expression that must match a whole name.
 *
 * Configurations write them in Go's syntax. A tag is plain ASCII, for which the two
 * languages agree but for a few forms: these are refused, except `(?i)` at the start.
 *
 * @throws {SyntaxError} It is malformed, or has what JavaScript lacks.
 */
export function namePattern(text: string): RegExp {
  const isFolded = text.startsWith("(?i)");
  const rest = isFolded ? text.slice(4) : text;
  const found = GO_ONLY.exec(rest);
  if (found !== null) {
    throw new SyntaxError(
      `Cannot match names by ${JSON.stringify(text)}: ${
        found[0]
      } is not supported`,
    );
  }
  // By itself first, so that a bracket too many is not balanced by those around it.
  new RegExp(rest);
  return new RegExp(`^(?:${rest})$`, isFolded ? "i" : "");
}
