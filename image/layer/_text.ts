const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** What a byte that is no UTF-8 is added to: it becomes one half of a pair that has no other half. */
const ESCAPE = 0xdc00;

/**
 * Decodes UTF-8. A byte that is not part of any becomes a lone surrogate, U+DC80 to
 * U+DCFF, so that different bytes never give the same text. What comes out is well
 * formed exactly where the bytes were UTF-8.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

function decodeEscaped(bytes: Uint8Array): string {
  let text = "";
  let start = 0;
  for (let index = 0; index < bytes.byteLength;) {
    const length = sequenceAt(bytes, index);
    if (length > 0) {
      index += length;
      continue;
    }
    text += decoder.decode(bytes.subarray(start, index)) +
      String.fromCharCode(ESCAPE + bytes[index]!);
    start = ++index;
  }
  return text + decoder.decode(bytes.subarray(start));
}

/** The length of the character that begins here, or 0 where none does: RFC 3629 §4. */
function sequenceAt(bytes: Uint8Array, index: number): number {
  const lead = bytes[index]!;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const [low, high] = SECOND.get(lead) ?? [0x80, 0xbf];
  for (let offset = 1; offset < length; offset++) {
    const byte = bytes[index + offset] ?? 0;
    const first = offset === 1;
    if (byte < (first ? low : 0x80) || byte > (first ? high : 0xbf)) return 0;
  }
  return length;
}

/** Where not every second byte may follow: no overlong forms, no surrogates, nothing above U+10FFFF. */
const SECOND: ReadonlyMap<number, readonly [number, number]> = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);
