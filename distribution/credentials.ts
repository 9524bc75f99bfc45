import type { Credential, CredentialStore } from "./credential.ts";

/** For which registry {@linkcode fixedCredentials} answers. */
export interface FixedCredentialsOptions {
  /**
   * The only registry, `host[:port]` as in references, that may see the credential.
   *
   * @default {any}
   */
  readonly registry?: string | undefined;
}

/**
 * A store that holds one credential, such as one typed on a command line.
 *
 * @example
 * ```ts
 * import { fixedCredentials } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = fixedCredentials(
 *   { username: "me", password: "pw" },
 *   { registry: "ghcr.io" },
 * );
 * assertEquals(await store.get("ghcr.io"), { username: "me", password: "pw" });
 * assertEquals(await store.get("docker.io"), undefined);
 * ```
 */
export function fixedCredentials(
  credential: Credential,
  options: FixedCredentialsOptions = {},
): CredentialStore {
  const only = options.registry;
  return {
    get: (registry) =>
      Promise.resolve(
        only === undefined || only === registry ? credential : undefined,
      ),
  };
}

/**
 * A store that asks several in turn, and gives what the first of them has.
 *
 * @example
 * ```ts
 * import { chainCredentials, fixedCredentials } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = chainCredentials(
 *   fixedCredentials({ identityToken: "abc" }, { registry: "ghcr.io" }),
 *   fixedCredentials({ registryToken: "xyz" }),
 * );
 * assertEquals(await store.get("ghcr.io"), { identityToken: "abc" });
 * assertEquals(await store.get("quay.io"), { registryToken: "xyz" });
 * ```
 */
export function chainCredentials(
  ...stores: readonly CredentialStore[]
): CredentialStore {
  return {
    // Asked late, because a store may not know before it is opened.
    get byRepository() {
      return stores.some((store) => store.byRepository);
    },
    async get(registry, options) {
      for (const store of stores) {
        const credential = await store.get(registry, options);
        if (credential !== undefined) return credential;
      }
      return undefined;
    },
  };
}
