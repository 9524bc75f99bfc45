/** A text that may hold anything, quoted on one line and cut, for messages. */
export function preview(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length <= MAX_LENGTH
    ? quoted
    : `${quoted.slice(0, MAX_LENGTH - 2)}…"`;
}

/** A digest of sha512 fits, and a reference with one of sha256. */
const MAX_LENGTH = 200;
