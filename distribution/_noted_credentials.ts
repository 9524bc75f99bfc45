import type { CredentialStore } from "./credential.ts";
import type { Secrets } from "./_secrets.ts";

/** The same store, of which the secrets are remembered that it gives. */
export function notedCredentials(
  store: CredentialStore,
  secrets: Secrets,
): CredentialStore {
  return {
    get byRepository() {
      return store.byRepository;
    },
    async get(registry, options) {
      const credential = await store.get(registry, options);
      if (credential !== undefined) secrets.noteCredential(credential);
      return credential;
    },
  };
}
