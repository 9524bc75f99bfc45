import {
  isSecretHeader,
  REDACTED,
  redactUrl,
} from "../../distribution/redact.ts";
import { type Transport, wrapTransport } from "../../distribution/transport.ts";

/** Where a trace goes, and what it hides. */
export interface TraceOptions {
  /** Takes the text. */
  readonly write: (text: string) => void;
  /** Headers of the user, which may be secret. */
  readonly secretHeaders: readonly string[];
}

/** Headers whose value is a URL that may be signed. */
const URL_HEADERS: ReadonlySet<string> = new Set(["location", "referer"]);
/** URLs with a query or a user inside other values, such as the realm of a challenge. */
const INNER_URLS = /\bhttps?:\/\/[^\s"<>,;]*[?@][^\s"<>,;]*/gi;
/** A shorter text is found everywhere, and so says nothing. */
const MIN_SECRET = 4;

/** Writes down every request and every answer, without bodies and without secrets. */
export function traced(
  inner: Transport,
  { secretHeaders, write }: TraceOptions,
): Transport {
  const secret = new Set(secretHeaders.map((name) => name.toLowerCase()));
  let count = 0;
  const isSecret = (name: string) => isSecretHeader(name) || secret.has(name);
  function lines(headers: Headers, secrets: readonly string[] = []): string {
    return [...headers].map(([name, value]) => {
      const shown = isSecret(name)
        ? REDACTED
        : URL_HEADERS.has(name)
        ? redactLocation(value)
        : withoutSecrets(value, secrets);
      return `   ${JSON.stringify(name)}: ${JSON.stringify(shown)}\n`;
    }).join("");
  }
  function stamp(): string {
    return `[${new Date().toISOString()}][DEBUG]:`;
  }
  return wrapTransport(inner, async (request) => {
    const number = count++;
    write(
      `${stamp()} --> Request #${number}\n` +
        `> Request URL: ${JSON.stringify(redactUrl(request.url))}\n` +
        `> Request method: ${JSON.stringify(request.method)}\n` +
        `> Request headers:\n${lines(request.headers)}\n`,
    );
    try {
      const response = await inner(request);
      write(
        `${stamp()} <-- Response #${number}\n` +
          `< Response status: "${response.status} ${response.statusText}"\n` +
          `< Response headers:\n${
            lines(response.headers, secretsOf(request.headers, isSecret))
          }\n`,
      );
      return response;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      write(`${stamp()} <-- No response #${number}: ${reason}\n\n`);
      throw error;
    }
  });
}

/** A URL, or a path with a query. */
function redactLocation(text: string): string {
  return URL.canParse(text)
    ? redactUrl(text)
    : text.replace(/=[^&]*/g, `=${REDACTED}`);
}

/** What the secret headers of a request hold: an answer may quote it. */
function secretsOf(
  headers: Headers,
  isSecret: (name: string) => boolean,
): string[] {
  const found: string[] = [];
  for (const [name, value] of headers) {
    if (!isSecret(name)) continue;
    const token = value.slice(value.indexOf(" ") + 1);
    found.push(value, token);
    const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value) ?? [];
    if (encoded !== undefined && encoded.length % 4 === 0) {
      found.push(atob(encoded).replace(/^[^:]*:/, ""));
    }
  }
  return found.filter((text) => text.length >= MIN_SECRET);
}

function withoutSecrets(value: string, secrets: readonly string[]): string {
  let shown = value.replace(INNER_URLS, (url) => redactUrl(url));
  for (const text of secrets) shown = shown.replaceAll(text, REDACTED);
  return shown;
}
