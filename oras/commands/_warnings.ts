import { type Transport, wrapTransport } from "../../distribution/transport.ts";
import { printable } from "./_printable.ts";

/** `299 - "text"`: the form that distribution-spec §Warnings demands. */
const WARNING = /299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g;

/** Tells of the warnings in a registry's answers, each once. */
export function watchWarnings(
  inner: Transport,
  tell: (text: string) => void,
): Transport {
  const told = new Set<string>();
  return wrapTransport(inner, async (request) => {
    const response = await inner(request);
    const header = response.headers.get("warning") ?? "";
    for (const [, quoted = ""] of header.matchAll(WARNING)) {
      const text = printable(quoted.replace(/\\(.)/g, "$1"));
      if (told.has(text)) continue;
      told.add(text);
      tell(`WARNING! ${request.url.host}: ${text}`);
    }
    return response;
  });
}
