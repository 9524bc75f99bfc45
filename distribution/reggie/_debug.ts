import { isSecretHeader, REDACTED, redactUrl } from "../redact.ts";
import { type Transport, wrapTransport } from "../transport.ts";
import type { DebugHook } from "./client_options.ts";

/** Reports each request and each answer, secrets taken out. */
export function reported(transport: Transport, write: DebugHook): Transport {
  return wrapTransport(transport, async (request) => {
    const { headers, method, url } = request;
    write(`> ${method} ${redactUrl(url)}${describe(headers)}`);
    const response = await transport(request);
    write(`< ${response.status}${describe(response.headers)}`);
    return response;
  });
}

/** Headers whose value is a URL. */
const URLS: ReadonlySet<string> = new Set(["location", "link"]);

function describe(headers: Headers): string {
  return [...headers].map(([name, value]) => `; ${name}: ${hide(name, value)}`)
    .join("");
}

function hide(name: string, value: string): string {
  if (isSecretHeader(name)) return REDACTED;
  // Sessions and signatures are in the query, of relative URLs too.
  return URLS.has(name)
    ? value.replaceAll(/\?[^>\s,;]*/g, `?${REDACTED}`)
    : value;
}
