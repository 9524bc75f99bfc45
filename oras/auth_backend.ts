import type { AuthScheme } from "../distribution/auth/authorize.ts";
import type { CredentialStore } from "../distribution/credential.ts";

/** How a provider answers the challenges of its registries. */
export interface AuthBackend {
  /**
   * The challenges that are answered, the preferred one first.
   *
   * @default {["bearer", "basic"]}
   */
  readonly schemes?: readonly AuthScheme[] | undefined;
  /** Where credentials come from that neither a login nor the options give. */
  readonly credentials?: CredentialStore | undefined;
}

/**
 * A back end by its name. `token` answers whatever the registry asks for, and prefers
 * tokens. `basic` shows the password itself and never asks for a token. `ecr` is
 * `token` with passwords for Amazon's registries, by the AWS access key that the environment of the
 * process leads to; where there is no process, it is refused at the first request.
 */
export type AuthBackendName = "token" | "basic" | "ecr";

/** The back end of a name. */
export function openAuthBackend(
  backend: AuthBackend | AuthBackendName = "token",
): AuthBackend {
  if (typeof backend === "object") return backend;
  switch (backend) {
    case "token":
      return {};
    case "basic":
      return { schemes: ["basic"] };
    case "ecr":
      return { credentials: lazyEcr() };
    default:
      throw new TypeError(
        `Cannot make a registry: expected authBackend token, basic or ecr, found ${
          JSON.stringify(backend)
        }`,
      );
  }
}

/** Loaded when a registry first asks who is there. */
function lazyEcr(): CredentialStore {
  let store: CredentialStore | undefined;
  return {
    async get(registry, options) {
      const { ecrCredentialsFromEnvironment } = await import(
        "../distribution/node/aws_credentials.ts"
      );
      store ??= ecrCredentialsFromEnvironment();
      return await store.get(registry, options);
    },
  };
}
