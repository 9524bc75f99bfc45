import { safeText } from "./_error_body.ts";
import { ownSecrets, type Secrets } from "./_secrets.ts";
import type { ClientEventHook } from "./events.ts";
import { type Transport, wrapTransport } from "./transport.ts";
import { parseWarnings } from "./warning.ts";

/** So many different warnings are told; a registry that invents more is not worth hearing. */
const MAX_WARNINGS = 1000;

/** What is watched, and for whom. */
export interface ObserveOptions {
  /** The registry's `host[:port]` as it stands in references. */
  readonly registry: string;
  /** The registry's origin on the wire: only its own warnings are told. */
  readonly origin: URL;
  /** Takes what is secret in the requests. */
  readonly secrets: Secrets;
  /** Names of the user's own headers, whose values may be secret. */
  readonly privateHeaders: readonly string[];
  /** Told of warnings. */
  readonly onEvent?: ClientEventHook | undefined;
}

/** Sees each request as it goes out, with its credential, and each answer as it comes in. */
export function observe(inner: Transport, options: ObserveOptions): Transport {
  const { onEvent, origin, privateHeaders, registry, secrets } = options;
  const told = new Set<string>();
  return wrapTransport(inner, async (request) => {
    secrets.noteHeaders(request.headers, privateHeaders);
    const response = await inner(request).catch((error) => {
      throw secrets.scrubError(error);
    });
    ownSecrets(response, secrets);
    if (onEvent === undefined || request.url.origin !== origin.origin) {
      return response;
    }
    for (const warning of parseWarnings(response.headers.get("warning"))) {
      const text = safeText(secrets.scrub(warning));
      const isNew = text !== undefined && !told.has(text);
      if (!isNew || told.size === MAX_WARNINGS) continue;
      told.add(text);
      onEvent({ type: "warning", registry, text });
    }
    return response;
  });
}
