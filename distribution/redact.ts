/** What stands in place of a secret. */
export const REDACTED = "*****";

/**
 * A URL without what could be secret: no user information, and no query values.
 *
 * Signed URLs and upload sessions carry their secrets in the query, so every value
 * is replaced; the names stay, because they help to tell requests apart. This is
 * the one function by which URLs get into errors, events and traces.
 *
 * @example
 * ```ts
 * import { redactUrl } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(redactUrl("https://me:pw@example.com/v2/?n=5"), "https://example.com/v2/?n=*****");
 * ```
 */
export function redactUrl(url: URL | string): string {
  const parsed = URL.parse(String(url));
  if (parsed === null) return REDACTED;
  const names = [...parsed.searchParams.keys()];
  const query = names.length === 0
    ? ""
    : `?${
      names.map((name) => `${encodeURIComponent(name)}=${REDACTED}`).join("&")
    }`;
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${query}`;
}

const SECRET_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
  "x-registry-auth",
]);

/**
 * Whether a header of this name carries a secret by its nature.
 *
 * @example
 * ```ts
 * import { isSecretHeader } from "@gantry/oci/distribution";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isSecretHeader("Authorization"));
 * assertFalse(isSecretHeader("content-type"));
 * ```
 */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase());
}
