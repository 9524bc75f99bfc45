import { ProtocolError, SecurityError } from "./errors.ts";
import type { ClientEventHook } from "./events.ts";
import { isPrivateHost } from "./private_address.ts";
import { isSecretHeader, redactUrl } from "./redact.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "./transport.ts";
import { discard } from "./_discard.ts";
import { withUrl } from "./_response_url.ts";
import { scrubbed } from "./_secrets.ts";

/** How {@linkcode redirect} behaves. */
export interface RedirectOptions {
  /**
   * How many redirects one request may take.
   *
   * @default {10}
   */
  readonly maxRedirects?: number | undefined;
  /**
   * The registry. Headers that are private to it are taken off every request that
   * goes elsewhere, the first one included.
   *
   * @default {the origin of each request's own URL}
   */
  readonly origin?: URL | undefined;
  /**
   * Names of headers, in any case, that only the registry may see, beside those
   * that carry secrets by their nature. All headers that a user gave belong here.
   */
  readonly privateHeaders?: Iterable<string> | undefined;
  /**
   * Refuse redirects to another origin, as a request must whose body is a secret.
   *
   * @default {false}
   */
  readonly sameOrigin?: boolean | undefined;
  /** Told of every redirect before it is followed. */
  readonly onEvent?: ClientEventHook | undefined;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Follows redirects, and keeps secrets at the origin that they are meant for.
 *
 * - `GET` and `HEAD` follow 301, 302, 303, 307 and 308. Other methods follow 307
 *   and 308 with their body opened anew; the rest would turn an upload into a
 *   `GET`, and is refused.
 * - Once a request has left its origin (scheme, host and port), it carries neither
 *   `Authorization`, `Cookie` nor any other private header, even where it comes back.
 * - A step from https to http is refused, and so is one from a public registry to an
 *   address of this machine or of a private network.
 *
 * The `url` property of the response that it gives is the URL that answered, and
 * `redirected` tells whether that is another than was asked: a relative `Location`
 * or `Link` in it is relative to that URL, which may carry a signature, so show it
 * by `redactUrl` only.
 *
 * The returned transport throws a {@linkcode SecurityError} on a forbidden step
 * (`REDIRECT_DOWNGRADE`, `REDIRECT_PRIVATE`, `REDIRECT_FORBIDDEN`), and a
 * {@linkcode ProtocolError} on a malformed one (`REDIRECT_INVALID`), on one that
 * would change the method (`REDIRECT_METHOD`), and on a circle or too long a
 * chain (`REDIRECT_LOOP`).
 *
 * @example Content in object storage
 * ```ts
 * import { fromHandler, redirect } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = redirect(fromHandler((request) =>
 *   new URL(request.url).host === "registry.example"
 *     ? Response.redirect("https://storage.example/blob?signature=abc", 307)
 *     : new Response(request.headers.get("authorization") ?? "no credential")
 * ));
 * const response = await transport({
 *   method: "GET",
 *   url: new URL("https://registry.example/v2/app/blobs/sha256:…"),
 *   headers: new Headers({ authorization: "Bearer secret" }),
 * });
 * assertEquals(await response.text(), "no credential");
 * assertEquals(new URL(response.url).host, "storage.example");
 * ```
 */
export function redirect(
  transport: Transport,
  options: RedirectOptions = {},
): Transport {
  const { maxRedirects = 10, onEvent, sameOrigin = false } = options;
  const names = new Set<string>();
  for (const name of options.privateHeaders ?? []) {
    names.add(name.toLowerCase());
  }
  return wrapTransport(transport, async (first) => {
    const home = options.origin ?? first.url;
    const asked = first.url.href;
    let request = first.url.origin === home.origin
      ? first
      : withoutSecrets(first, first.url, names);
    const visited = new Set([asked]);
    for (;;) {
      request.signal?.throwIfAborted();
      const response = await transport(request);
      const location = response.headers.get("location");
      if (!REDIRECTS.has(response.status) || location === null) {
        const { href } = request.url;
        return withUrl(response, { url: href, redirected: href !== asked });
      }
      await discard(response);
      const { method, url: from } = request;
      const { status } = response;
      const to = target(request, status, location);
      // What an answer quotes can stand in a path as well.
      const shown = scrubbed(response, redactUrl(to));
      if (sameOrigin && to.origin !== from.origin) {
        throw refused("FORBIDDEN", request, shown, "it leaves the origin");
      }
      checkStep(request, to, shown, home);
      if (visited.size > maxRedirects || visited.has(to.href)) {
        throw new ProtocolError(
          "REDIRECT_LOOP",
          `Cannot ${method} ${redactUrl(asked)}: ${
            visited.has(to.href)
              ? "its redirects go in a circle"
              : `found more than ${maxRedirects} redirects`
          }`,
        );
      }
      visited.add(to.href);
      onEvent?.({
        type: "redirect",
        method,
        status,
        from: redactUrl(from),
        to: shown,
      });
      request = to.origin === from.origin
        ? { ...request, url: to }
        : withoutSecrets(request, to, names);
    }
  });
}

/** Where the redirect points, if it may be followed with this method. */
function target(
  request: TransportRequest,
  status: number,
  location: string,
): URL {
  const { method, url } = request;
  const cannot = `Cannot ${method} ${redactUrl(url)}`;
  const keepsMethod = status === 307 || status === 308;
  if (!keepsMethod && method !== "GET" && method !== "HEAD") {
    throw new ProtocolError(
      "REDIRECT_METHOD",
      `${cannot}: a redirect with status ${status} would turn it into a GET`,
    );
  }
  const to = URL.parse(location, url);
  if (to === null) {
    throw new ProtocolError(
      "REDIRECT_INVALID",
      `${cannot}: the answer ${status} points to a malformed URL`,
    );
  }
  to.username = "";
  to.password = "";
  to.hash = "";
  return to;
}

/** Refuses steps that a registry has no business to ask for. */
function checkStep(
  request: TransportRequest,
  to: URL,
  shown: string,
  home: URL,
): void {
  if (to.protocol !== "https:" && to.protocol !== "http:") {
    const reason = `${to.protocol} is not followed`;
    throw refused("FORBIDDEN", request, shown, reason);
  }
  if (request.url.protocol === "https:" && to.protocol === "http:") {
    throw refused(
      "DOWNGRADE",
      request,
      shown,
      "it goes from https to http",
      "A registry behind a TLS proxy answers so when the proxy does not set X-Forwarded-Proto",
    );
  }
  if (isPrivateHost(to.hostname) && !isPrivateHost(home.hostname)) {
    throw refused(
      "PRIVATE",
      request,
      shown,
      "it points from a public host to a private address",
    );
  }
}

function refused(
  kind: "DOWNGRADE" | "PRIVATE" | "FORBIDDEN",
  { method, url }: TransportRequest,
  to: string,
  reason: string,
  hint?: string,
): SecurityError {
  return new SecurityError(
    `REDIRECT_${kind}`,
    `Cannot ${method} ${
      redactUrl(url)
    }: refused the redirect to ${to}, because ${reason}`,
    { hint },
  );
}

/** The request for another origin: nothing in it is private to the registry. */
function withoutSecrets(
  request: TransportRequest,
  url: URL,
  names: ReadonlySet<string>,
): TransportRequest {
  const headers = new Headers();
  for (const [name, value] of request.headers) {
    const isPrivate = isSecretHeader(name) || names.has(name) ||
      name === "host";
    if (!isPrivate) headers.append(name, value);
  }
  return { ...request, url, headers, scopes: undefined, anonymous: true };
}
