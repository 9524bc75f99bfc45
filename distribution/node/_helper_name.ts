/**
 * Whether a text is the plain name of a credential helper. Anything else could lead
 * out of the folders of programs, or be taken for a flag.
 */
export function isHelperName(name: string): boolean {
  return /^[A-Za-z0-9][\w.+-]*$/.test(name);
}
