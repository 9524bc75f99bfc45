/**
 * Whether a reference's text begins with a registry's host, by docker's rule: its
 * first part, which a slash must follow, has a dot or a colon or is `localhost`.
 */
export function hasRegistry(target: string): boolean {
  const slash = target.indexOf("/");
  if (slash < 0) return false;
  const first = target.slice(0, slash);
  return first === "localhost" || /[.:]/.test(first);
}
