import type { PasswordCredential } from "../credential.ts";

/** The credential in a proxy's URL; undefined where it holds none. */
export function proxyCredential(
  { password, username }: URL,
): PasswordCredential | undefined {
  if (username === "" && password === "") return undefined;
  return { username: decoded(username), password: decoded(password) };
}

/** A text without escapes. A `%` that begins none stands for itself: few escape it in a password. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
