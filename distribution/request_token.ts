import { discard } from "./_discard.ts";
import { defaultTransport } from "./default_transport.ts";
import type { ClientOptions } from "./client_options.ts";
import { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./signal_options.ts";
import { type Transport, wrapTransport } from "./transport.ts";

/** For what {@linkcode requestToken} asks a token, and how it reaches the registry. */
export interface RequestTokenOptions extends ClientOptions, SignalOptions {
  /**
   * The scopes, such as `repository:team/app:pull`.
   *
   * @default {[]}
   */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Gets the bearer token that requests of these scopes would show to a registry, and
 * tries it there. Undefined where the registry asks for none: it lets everybody in, or
 * wants a password itself. A token is a secret: print it to nobody else.
 *
 * Follows the token authentication specification of the distribution project.
 *
 * @throws {RegistryError} The token service or the registry refuses.
 * @throws {SecurityError} The token service may not see the credential.
 * @throws {ConnectionError} There was no answer.
 *
 * @example
 * ```ts
 * import { fromHandler, requestToken } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * assertEquals(await requestToken("registry.example", { transport }), undefined);
 * ```
 */
export async function requestToken(
  registry: string,
  options: RequestTokenOptions = {},
): Promise<string | undefined> {
  const { scopes, signal, ...rest } = options;
  const own = rest.transport === undefined ? defaultTransport() : undefined;
  const base = rest.transport ?? own!;
  let shown: string | null = null;
  // The last layer before the wire sees what is shown, and nobody else is told.
  const watched: Transport = wrapTransport(base, async (request) => {
    if (request.url.origin === client.origin.origin) {
      shown = request.headers.get("authorization") ?? shown;
    }
    return await base(request);
  });
  const client = new RegistryClient(registry, { ...rest, transport: watched });
  try {
    await discard(
      await client.send({
        method: "GET",
        url: "v2/",
        action: `Cannot get a token for ${client.registry}`,
        expect: [200],
        ...(scopes && { scopes }),
        signal,
      }),
    );
  } finally {
    own?.close?.();
  }
  return /^Bearer (.+)$/.exec(shown ?? "")?.[1];
}
