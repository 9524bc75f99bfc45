import process from "node:process";
import type { CredentialStore } from "../credential.ts";
import { chainCredentials, fixedCredentials } from "../credentials.ts";
import { MIXED_KEYS } from "./_auth_keys.ts";
import { findCredential } from "./_auth_lookup.ts";
import { parseJsonObject } from "./_json_file.ts";

/** How {@linkcode credentialsFromEnvironment} looks. */
export interface EnvironmentCredentialsOptions {
  /**
   * The environment, which is also that of credential helpers.
   *
   * @default {the environment of this process, as it is when the store is made}
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * The only registry, `host[:port]` as in references, that `ORAS_USER` and
   * `ORAS_PASS` are for.
   *
   * @default {any}
   */
  readonly registry?: string | undefined;
}

const DOCKER_AUTH_CONFIG = "DOCKER_AUTH_CONFIG";

/**
 * The credentials that stand in environment variables. They are read once, by this call.
 *
 * `DOCKER_AUTH_CONFIG` holds the text of a docker `config.json`, as GitLab CI defines
 * it; its keys may have paths, and it may name credential helpers. For what it
 * does not name, `ORAS_USER` and `ORAS_PASS` together are a user and a password. Without
 * the option `registry` any registry may see these.
 *
 * @throws {CredentialError} `CREDENTIAL_CONFIG_INVALID`: `DOCKER_AUTH_CONFIG` is no JSON object.
 *
 * @example
 * ```ts
 * import { credentialsFromEnvironment } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * const store = credentialsFromEnvironment({
 *   env: { ORAS_USER: "me", ORAS_PASS: "pw" },
 *   registry: "ghcr.io",
 * });
 * assertEquals(await store.get("ghcr.io"), { username: "me", password: "pw" });
 * assertEquals(await store.get("quay.io"), undefined);
 * ```
 */
export function credentialsFromEnvironment(
  options: EnvironmentCredentialsOptions = {},
): CredentialStore {
  const { env = process.env, registry } = options;
  const stores: CredentialStore[] = [];
  const text = env[DOCKER_AUTH_CONFIG];
  if (text?.trim()) stores.push(authConfig(text, options.env));
  const { ORAS_PASS: password, ORAS_USER: username } = env;
  if (username && password) {
    stores.push(fixedCredentials({ username, password }, { registry }));
  }
  return chainCredentials(...stores);
}

function authConfig(
  text: string,
  env: EnvironmentCredentialsOptions["env"],
): CredentialStore {
  const origin = DOCKER_AUTH_CONFIG;
  const config = parseJsonObject(text, origin);
  const document = { config, origin, keys: MIXED_KEYS, env };
  return {
    byRepository: true,
    get: async (registry, options = {}) =>
      await findCredential(document, registry, options),
  };
}
