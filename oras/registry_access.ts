import { chainCredentials } from "../distribution/credentials.ts";
import type {
  Credential,
  CredentialStore,
  GetCredentialOptions,
} from "../distribution/credential.ts";
import { defaultTransport } from "../distribution/default_transport.ts";
import { parseRegistryName, Reference } from "../distribution/reference.ts";
import { KeyedMutex } from "../distribution/_keyed_mutex.ts";
import { RegistryClient } from "../distribution/registry_client.ts";
import type { Repository } from "../distribution/repository.ts";
import type { Transport } from "../distribution/transport.ts";
import { type AuthBackend, openAuthBackend } from "./auth_backend.ts";
import { hasRegistry } from "./_has_registry.ts";
import type {
  LoginOptions,
  LogoutOptions,
  RegistryOptions,
} from "./registry_options.ts";

/**
 * Which registries there are, and as whom they are spoken to.
 *
 * {@linkcode BaseRegistry} adds the calls that move content.
 *
 * @example Log in, and out
 * ```ts
 * import { RegistryAccess } from "@gantry/oci/oras";
 * import { fromHandler, UnauthorizedError } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const server = createRegistry({
 *   authenticate: (username, password) =>
 *     username === "me" && password === "pw" ? { name: "me" } : undefined,
 * });
 * const registry = new RegistryAccess({
 *   hostname: "registry.example",
 *   transport: fromHandler((request) => server.fetch(request)),
 * });
 * await assertRejects(
 *   () => registry.login({ username: "me", password: "no" }),
 *   UnauthorizedError,
 * );
 * await registry.login({ username: "me", password: "pw" });
 * assertEquals(await registry.logout(), true);
 * ```
 */
export class RegistryAccess {
  /** How the registry was made. */
  protected readonly options: RegistryOptions;
  readonly #clients = new Map<string, RegistryClient>();
  readonly #logins = new Map<string, Credential>();
  /** Each login is tried by itself. */
  readonly #turns = new KeyedMutex();
  readonly #backend: AuthBackend;
  readonly #stores: CredentialStore;
  readonly #credentials: CredentialStore;
  #transport: Transport | undefined;

  /**
   * Makes a provider. No connection is opened before it is needed.
   *
   * @throws {TypeError} There is no authentication back end of that name, or `tls` comes with a `transport`.
   */
  constructor(options: RegistryOptions = {}) {
    if (options.tls !== undefined && options.transport !== undefined) {
      throw new TypeError(
        "Cannot make a registry: tls is for the default transport, and another transport is given",
      );
    }
    this.options = options;
    this.#backend = openAuthBackend(options.authBackend);
    const given = [options.credentials, this.#backend.credentials];
    const stores = chainCredentials(
      ...given.filter((store) => store !== undefined),
    );
    this.#stores = stores;
    this.#credentials = {
      get byRepository() {
        return stores.byRepository;
      },
      get: (registry, options) => this.credentialFor(registry, options),
    };
  }

  /**
   * Makes a full reference of a target: adds the default registry where the text names none,
   * and the default tag where it has neither tag nor digest.
   *
   * @throws {InvalidReferenceError} The text is no reference.
   */
  getContainer(target: string | Reference): Reference {
    const { hostname, defaultTag = "latest" } = this.options;
    let reference: Reference;
    if (typeof target !== "string") reference = target;
    else if (hostname !== undefined && !hasRegistry(target)) {
      reference = Reference.parse(`${hostname}/${target}`);
    } else reference = Reference.parse(target);
    return reference.target === undefined && defaultTag !== ""
      ? reference.withTag(defaultTag)
      : reference;
  }

  /**
   * The handle of a target's repository. All repositories of one registry share a client, and
   * with it tokens and connections.
   *
   * @throws {InvalidReferenceError} The text is no reference.
   */
  repository(target: string | Reference): Repository {
    const { registry, repository } = this.getContainer(target);
    return this.client(registry).repository(repository);
  }

  /**
   * The client of one registry, `host[:port]`; called by every call of the provider. By
   * default one for each registry, with the provider's options.
   */
  protected client(registry: string): RegistryClient {
    let client = this.#clients.get(registry);
    if (client === undefined) {
      const transport = this.options.transport ??
        (this.#transport ??= defaultTransport(this.options.tls));
      client = new RegistryClient(registry, {
        ...this.options,
        authSchemes: this.#backend.schemes ?? this.options.authSchemes,
        credentials: this.#credentials,
        transport,
      });
      this.#clients.set(registry, client);
    }
    return client;
  }

  /**
   * Tries a credential at a registry, and uses it from then on, before any that
   * `credentials` may give. With the option `store` it is kept there, too.
   *
   * @throws {UnauthorizedError} The registry does not take it; nothing has changed then.
   * @throws {InvalidReferenceError} The registry's name is malformed.
   * @throws {CredentialError} The store cannot be written.
   */
  async login(
    credential: Credential,
    options: LoginOptions = {},
  ): Promise<void> {
    const { signal, store } = options;
    const registry = this.#registryOf(options.hostname);
    await this.#turns.run(registry, async () => {
      const known = this.#logins.get(registry);
      this.#remember(registry, credential);
      try {
        await this.client(registry).ping({ signal });
        await store?.put(registry, credential, { signal });
      } catch (error) {
        this.#remember(registry, known);
        throw error;
      }
    }, signal);
  }

  /**
   * Forgets the login at a registry, its tokens too, and tells whether there was one. With
   * the option `store` it is deleted there, too.
   *
   * @throws {InvalidReferenceError} The registry's name is malformed.
   * @throws {CredentialError} The store cannot be written.
   */
  async logout(options: LogoutOptions = {}): Promise<boolean> {
    const { signal, store } = options;
    const registry = this.#registryOf(options.hostname);
    return await this.#turns.run(registry, async () => {
      const wasIn = this.#logins.has(registry);
      this.#remember(registry, undefined);
      return await store?.delete(registry, { signal }) || wasIn;
    }, signal);
  }

  /**
   * Finds what a registry is shown, `host[:port]`; called when it asks who is there. By
   * default a login, else what the option `credentials` has, else what the back end has;
   * with undefined the registry is shown nothing.
   */
  protected credentialFor(
    registry: string,
    options?: GetCredentialOptions,
  ): Promise<Credential | undefined> {
    const login = this.#logins.get(registry);
    return login === undefined
      ? this.#stores.get(registry, options)
      : Promise.resolve(login);
  }

  #registryOf(hostname = this.options.hostname ?? "docker.io"): string {
    return parseRegistryName(hostname);
  }

  #remember(registry: string, credential: Credential | undefined): void {
    if (credential === undefined) this.#logins.delete(registry);
    else this.#logins.set(registry, credential);
    this.#clients.delete(registry); // its tokens are another's
  }

  /**
   * Lets go of idle connections. Only a transport that the provider made itself is
   * closed; one that it was given belongs to the giver.
   */
  close(): void {
    this.#transport?.close?.();
    this.#transport = undefined;
    this.#clients.clear();
  }

  /** Closes the provider at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
