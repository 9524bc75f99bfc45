import type { Secrets } from "./_secrets.ts";
import { isSecretHeader, REDACTED, redactUrl } from "./redact.ts";

/** Headers whose value is a URL that may be signed. */
const URL_HEADERS: ReadonlySet<string> = new Set(["location", "referer"]);
/** URLs with a query or a user inside other values, such as the realm of a challenge. */
const INNER_URLS = /\bhttps?:\/\/[^\s"<>,;]*[?@][^\s"<>,;]*/gi;

/** The lines of headers as they may be shown. */
export function redactHeaders(
  headers: Headers,
  secrets: Secrets,
  secretNames: ReadonlySet<string>,
): [name: string, value: string][] {
  return [...headers].map(([name, value]) => {
    if (isSecretHeader(name) || secretNames.has(name)) return [name, REDACTED];
    const shown = URL_HEADERS.has(name)
      ? redactLocation(value)
      : value.replace(INNER_URLS, (url) => redactUrl(url));
    return [name, secrets.scrub(shown)];
  });
}

/** A URL, or a path with a query. */
function redactLocation(text: string): string {
  return URL.canParse(text)
    ? redactUrl(text)
    : text.replace(/=[^&]*/g, `=${REDACTED}`);
}
