import type { Credential, CredentialStore } from "./credential.ts";
import { CredentialError } from "./credential_error.ts";
import type { Secrets } from "./_secrets.ts";

/**
 * The same store, of which the secrets are remembered that it gives. What is no
 * credential is refused before it gets into a header or an error.
 */
export function notedCredentials(
  store: CredentialStore,
  secrets: Secrets,
): CredentialStore {
  return {
    get byRepository() {
      return store.byRepository;
    },
    async get(registry, options) {
      const credential = await store.get(registry, options) ?? undefined;
      if (credential === undefined) return undefined;
      if (!isCredential(credential)) {
        throw new CredentialError(
          "CREDENTIAL_INVALID",
          `Cannot use the credential of ${registry}: it has neither user and password nor a token, as texts`,
        );
      }
      secrets.noteCredential(credential);
      return credential;
    },
  };
}

function isCredential(value: unknown): value is Credential {
  if (typeof value !== "object" || value === null) return false;
  if ("password" in value) {
    return isText(value.password) && "username" in value &&
      isText(value.username);
  }
  return "identityToken" in value && isText(value.identityToken) ||
    "registryToken" in value && isText(value.registryToken);
}

/** Whether a value is a text that can be written in UTF-8. */
function isText(value: unknown): boolean {
  return typeof value === "string" && !/\p{Surrogate}/u.test(value);
}
