/** The candidates that a mistyped word may stand for, best first: at most two edits away, or begun with it. */
export function nearest(
  word: string,
  candidates: readonly string[],
): readonly string[] {
  const typed = word.toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, edits: distance(typed, candidate) }))
    .filter(({ candidate, edits }) =>
      edits <= 2 && edits < candidate.length ||
      typed.length > 1 && candidate.startsWith(typed)
    )
    .sort((a, b) => a.edits - b.edits)
    .map(({ candidate }) => candidate);
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(
        row[j]! + 1,
        next[j - 1]! + 1,
        row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      ));
    }
    row = next;
  }
  return row[b.length]!;
}
