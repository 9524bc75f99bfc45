/**
 * Whether a text can stand behind `Bearer` in a header. One that cannot must not
 * get there: the runtime's own error would show it.
 */
export function isBearerToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
