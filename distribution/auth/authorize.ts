import type { CredentialStore } from "../credential.ts";
import type { ClientEventHook } from "../events.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "../transport.ts";
import { discard } from "../_discard.ts";
import { Authorizer } from "./_authorizer.ts";
import { parseChallenges } from "./challenge.ts";

/** A way to answer a challenge: by a token, or by the password itself. */
export type AuthScheme = "bearer" | "basic";

/** How {@linkcode authorize} behaves. */
export interface AuthorizeOptions {
  /** The registry's `host[:port]` as it stands in references; credentials are looked up by it. */
  readonly registry: string;
  /** The registry's origin on the wire. Requests to any other pass untouched. */
  readonly origin: URL;
  /**
   * Where credentials come from.
   *
   * @default {none: anonymous}
   */
  readonly credentials?: CredentialStore | undefined;
  /**
   * The hosts, `host[:port]`, whose token services may see a credential, beside the
   * registry's own.
   *
   * @default {all that the realm rule admits}
   */
  readonly allowedRealms?: readonly string[] | undefined;
  /**
   * The challenges that are answered, the preferred one first. With `["basic"]` no
   * token is ever asked for.
   *
   * @default {["bearer", "basic"]}
   */
  readonly schemes?: readonly AuthScheme[] | undefined;
  /**
   * The scope to ask tokens for, several of them parted by spaces, whatever requests
   * need and challenges name.
   *
   * @default {what the request needs and the challenge names}
   */
  readonly scope?: string | undefined;
  /**
   * The name of this program, for token services.
   *
   * @default {"gantry"}
   */
  readonly clientId?: string | undefined;
  /** Told of token requests and of realms on other hosts. */
  readonly onEvent?: ClientEventHook | undefined;
  /**
   * Gives the time in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  readonly clock?: (() => number) | undefined;
}

/** One request, one answer to its challenge, and one more if a kept token was stale. */
const MAX_SENDS = 3;

/**
 * Lets requests into a registry: answers its challenge with Basic or with a
 * token, and remembers both for later requests.
 *
 * Nothing is shown before the registry asks for it. A token is kept for the scopes
 * that it was asked for until shortly before it expires, requests that need the
 * same token at the same time share one, and a token or password that the
 * registry suddenly rejects is asked for again once. An answer 401 to fresh
 * authorization is given to the caller, and so is 403, unless a challenge in it says
 * that the token's scope was too narrow (RFC 6750 §3.1). A request that has an `Authorization` header
 * of its own is sent as it is. Bodies are opened anew for each sending.
 *
 * Besides what the transport throws, the returned one throws a
 * {@linkcode SecurityError} with code `REALM_FORBIDDEN` where the realm may not see the
 * credential, a {@linkcode RegistryError} where the token service refuses, a
 * {@linkcode ProtocolError} where its reply makes no sense, a {@linkcode CredentialError}
 * with code `CREDENTIAL_INVALID` where a registry token cannot stand in a header, and
 * what the credential store throws.
 *
 * @example An anonymous token
 * ```ts
 * import { authorize, fromHandler } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const base = fromHandler((request) => {
 *   if (new URL(request.url).pathname === "/token") {
 *     return Response.json({ token: "abc" });
 *   }
 *   return request.headers.get("authorization") === "Bearer abc"
 *     ? new Response("welcome")
 *     : new Response(null, {
 *       status: 401,
 *       headers: {
 *         "www-authenticate": 'Bearer realm="https://registry.example/token"',
 *       },
 *     });
 * });
 * const transport = authorize(base, {
 *   registry: "registry.example",
 *   origin: new URL("https://registry.example"),
 * });
 * const response = await transport({
 *   method: "GET",
 *   url: new URL("https://registry.example/v2/"),
 *   headers: new Headers(),
 * });
 * assertEquals(await response.text(), "welcome");
 * ```
 */
export function authorize(
  transport: Transport,
  options: AuthorizeOptions,
): Transport {
  const authorizer = new Authorizer(transport, options);
  const { origin } = options.origin;
  const isOurs = ({ anonymous, headers, url }: TransportRequest): boolean =>
    url.origin === origin && !anonymous && !headers.has("authorization");
  return wrapTransport(transport, async (first) => {
    let request = first;
    if (!isOurs(request)) return await transport(request);
    request.signal?.throwIfAborted();
    let authorization = await authorizer.begin(request);
    for (let sends = 1;; sends++) {
      const headers = new Headers(request.headers);
      if (authorization !== undefined) {
        headers.set("authorization", authorization.header);
      }
      const response = await transport({ ...request, headers });
      const { status } = response;
      if (status !== 401 && !wantsScope(response)) return response;
      let next;
      try {
        const isAsked = status === 401 &&
          response.headers.has("www-authenticate");
        if (sends === 1 && isAsked && request.onChallenge !== undefined) {
          request = await request.onChallenge(request);
          if (!isOurs(request)) {
            await discard(response);
            return await transport(request);
          }
        }
        next = await authorizer.answer(
          request,
          response,
          authorization,
        );
      } catch (error) {
        await discard(response);
        throw error;
      }
      if (next === undefined || sends === MAX_SENDS) return response;
      await discard(response);
      authorization = next;
    }
  });
}

/** Whether an answer denies for want of a wider token, and says so. */
function wantsScope({ headers, status }: Response): boolean {
  return status === 403 &&
    parseChallenges(headers.get("www-authenticate")).some(({ parameters }) =>
      parameters.get("error") === "insufficient_scope"
    );
}
