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

/** Writes down every request and every answer, without bodies and without secrets. */
export function traced(
  inner: Transport,
  { secretHeaders, write }: TraceOptions,
): Transport {
  const secret = new Set(secretHeaders.map((name) => name.toLowerCase()));
  let count = 0;
  function lines(headers: Headers): string {
    return [...headers].map(([name, value]) => {
      const shown = isSecretHeader(name) || secret.has(name)
        ? REDACTED
        : URL_HEADERS.has(name)
        ? redactLocation(value)
        : value;
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
          `< Response headers:\n${lines(response.headers)}\n`,
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
