/** Letters that take two columns of a terminal: those of East Asia, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
/** Marks that stand on or behind the letter before them. */
const MARK = /\p{Mn}|\p{Me}|[\u200b-\u200f\u2060\ufeff]/u;

/** How many columns of a terminal a text without control characters takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const letter of text) columns += widthOf(letter);
  return columns;
}

/** Cuts a text that takes more columns than there are, and says so with an ellipsis. */
export function fitColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let taken = 0;
  let cut = "";
  for (const letter of text) {
    taken += widthOf(letter);
    if (taken > columns - 1) break;
    cut += letter;
  }
  return columns < 1 ? "" : `${cut}…`;
}

/** Fills a text up with spaces. */
export function padColumns(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

function widthOf(letter: string): number {
  if (letter < "\u0300") return 1;
  if (MARK.test(letter)) return 0;
  return WIDE.test(letter) ? 2 : 1;
}
