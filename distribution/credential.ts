import type { SignalOptions } from "./signal_options.ts";

/** A user and a password, for Basic authentication and for token requests. */
export interface PasswordCredential {
  /** The user. */
  readonly username: string;
  /** The password, or a personal access token that stands for one. */
  readonly password: string;
}

/** A refresh token, called identity token by docker: exchanged for access tokens. */
export interface IdentityTokenCredential {
  /** The refresh token. */
  readonly identityToken: string;
  /** The user that it belongs to, where known. */
  readonly username?: string | undefined;
}

/** A bearer token that is sent to the registry as it is. */
export interface RegistryTokenCredential {
  /** The access token. */
  readonly registryToken: string;
}

/** What a registry is shown to let a caller in. */
export type Credential =
  | PasswordCredential
  | IdentityTokenCredential
  | RegistryTokenCredential;

/** Where a credential was found. */
export interface FoundCredential {
  /** The file, or what else it stands in. */
  readonly origin: string;
  /** The credential helper that gave it, where the file names one. */
  readonly helper?: string | undefined;
}

/** For what a credential is looked up. */
export interface GetCredentialOptions extends SignalOptions {
  /** The repository's name, for stores that keep credentials of single repositories. */
  readonly repository?: string | undefined;
  /** Told where the credential was found, by stores that read files. */
  readonly onFound?: ((place: FoundCredential) => void) | undefined;
}

/** Where credentials come from. */
export interface CredentialStore {
  /**
   * Whether it may answer otherwise for one repository than for another of the same
   * registry. It is then asked anew for each of them.
   *
   * @default {false}
   */
  readonly byRepository?: boolean | undefined;
  /**
   * Gives the credential for a registry, or undefined where there is none.
   *
   * @param registry The registry's `host[:port]` as it stands in references, `docker.io` for Docker Hub.
   */
  get(
    registry: string,
    options?: GetCredentialOptions,
  ): Promise<Credential | undefined>;
}

/** Where credentials are kept, too. */
export interface WritableCredentialStore extends CredentialStore {
  /** Keeps a credential for a registry, in place of any other. */
  put(
    registry: string,
    credential: Credential,
    options?: SignalOptions,
  ): Promise<void>;
  /** Forgets a registry's credential; tells whether there was one. */
  delete(registry: string, options?: SignalOptions): Promise<boolean>;
}
