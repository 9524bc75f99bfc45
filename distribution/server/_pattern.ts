/**
 * Makes a test of names against patterns: `*` stands for any text within one part
 * of a path, `**` for any text at all, and everything else for itself.
 */
export function matcher(
  patterns: readonly string[],
): (text: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const source = pattern.split(/(\*{1,2})/).map((piece) =>
      piece === "**"
        ? ".*"
        : piece === "*"
        ? "[^/]*"
        : piece.replace(/[\\^$.|?+()[\]{}]/g, "\\$&")
    ).join("");
    return new RegExp(`^${source}$`);
  });
  return (text) => expressions.some((expression) => expression.test(text));
}
