import type { ClientOptions } from "../../distribution/client_options.ts";
import { fixedCredentials } from "../../distribution/credentials.ts";
import { defaultTransport } from "../../distribution/default_transport.ts";
import { RegistryClient } from "../../distribution/registry_client.ts";
import type { Store, TagLister } from "../store.ts";
import type { Place } from "./_place.ts";
import type { SyncRegistry } from "./sync_config.ts";

/** A store that tags are copied from or to. */
export type TagStore = Store & TagLister;

/** Makes the client of a registry, with what a configuration says of it. */
export type MakeClient = (
  registry: string,
  options: ClientOptions,
) => RegistryClient;

/** The stores of places: one client for each registry, one store for each layout. */
export class TagStores {
  readonly #creds: readonly SyncRegistry[];
  readonly #makeClient: MakeClient;
  readonly #clients = new Map<string, RegistryClient>();
  readonly #layouts = new Map<string, Promise<TagStore>>();

  constructor(
    creds: readonly SyncRegistry[],
    makeClient: MakeClient = defaultClient,
  ) {
    this.#creds = creds;
    this.#makeClient = makeClient;
  }

  /** The repository or layout of a place. */
  async open({ path, repository }: Place): Promise<TagStore> {
    if (repository !== undefined) {
      const { registry, repository: name } = repository;
      return this.client(registry).repository(name);
    }
    let layout = this.#layouts.get(path);
    if (layout === undefined) {
      layout = openLayout(path);
      this.#layouts.set(path, layout);
    }
    return await layout;
  }

  /** The client of a registry. */
  client(registry: string): RegistryClient {
    let client = this.#clients.get(registry);
    if (client === undefined) {
      const told = this.#creds.find((one) => one.registry === registry);
      client = this.#makeClient(
        registry,
        told === undefined ? {} : clientOptions(told),
      );
      this.#clients.set(registry, client);
    }
    return client;
  }
}

async function openLayout(path: string): Promise<TagStore> {
  const { LayoutStore } = await import("../stores/node/layout_store.ts");
  return new LayoutStore(path);
}

function defaultClient(
  registry: string,
  options: ClientOptions,
): RegistryClient {
  return new RegistryClient(registry, options);
}

function clientOptions({ pass, tls, user }: SyncRegistry): ClientOptions {
  return {
    ...user !== undefined && {
      credentials: fixedCredentials({ username: user, password: pass ?? "" }),
    },
    ...tls === "disabled" && { plainHttp: true },
    ...tls === "insecure" && {
      transport: defaultTransport({ insecure: true }),
    },
  };
}
