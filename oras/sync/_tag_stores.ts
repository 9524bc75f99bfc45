import type { ClientOptions } from "../../distribution/client_options.ts";
import { fixedCredentials } from "../../distribution/credentials.ts";
import { defaultTransport } from "../../distribution/default_transport.ts";
import { RegistryClient } from "../../distribution/registry_client.ts";
import type { BaseTransportOptions } from "../../distribution/transport_options.ts";
import type { Store, TagLister } from "../store.ts";
import type { Place } from "./_place.ts";
import type { SyncRegistry } from "./sync_config.ts";

/** A store that tags are copied from or to. */
export type TagStore = Store & TagLister;

/** Makes the client of a registry, with what a configuration says of it. */
export type MakeClient = (
  registry: string,
  options: ClientOptions,
) => RegistryClient | Promise<RegistryClient>;

/** The stores of places: one client for each registry, one store for each layout. */
export class TagStores {
  readonly #creds: readonly SyncRegistry[];
  readonly #makeClient: MakeClient;
  readonly #clients = new Map<string, Promise<RegistryClient>>();
  readonly #layouts = new Map<string, Promise<TagStore>>();
  /** What was made here, and ends with the sync. */
  readonly #own: { close?(): void }[] = [];

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
      return (await this.client(registry)).repository(name);
    }
    let layout = this.#layouts.get(path);
    if (layout === undefined) {
      layout = openLayout(path);
      this.#layouts.set(path, layout);
    }
    return await layout;
  }

  /** The client of a registry. */
  async client(registry: string): Promise<RegistryClient> {
    let client = this.#clients.get(registry);
    if (client === undefined) {
      client = this.#open(registry);
      this.#clients.set(registry, client);
    }
    return await client;
  }

  async #open(registry: string): Promise<RegistryClient> {
    const told = this.#creds.find((one) => one.registry === registry);
    const options = told === undefined ? {} : clientOptions(told);
    if (options.transport !== undefined) this.#own.push(options.transport);
    const client = await this.#makeClient(registry, options);
    // One that was given belongs to the giver.
    if (this.#makeClient === defaultClient) this.#own.push(client);
    return client;
  }

  /** Lets go of the connections of what was made here. */
  close(): void {
    for (const one of this.#own) one.close?.();
  }
}

async function openLayout(path: string): Promise<TagStore> {
  const { LayoutStore } = await import("../stores/node/layout_store.ts");
  return new LayoutStore(path);
}

function clientOptions(told: SyncRegistry): ClientOptions {
  const transport = toldTransport(told);
  return {
    ...toldOptions(told),
    ...Object.keys(transport).length > 0 && {
      transport: defaultTransport(transport),
    },
  };
}

function defaultClient(
  registry: string,
  options: ClientOptions,
): RegistryClient {
  return new RegistryClient(registry, options);
}

/** What a configuration says of a registry, but for its transport. */
export function toldOptions(told: SyncRegistry): ClientOptions {
  const { pass, reqConcurrent, reqPerSec, tls, user } = told;
  return {
    ...user !== undefined && {
      credentials: fixedCredentials({ username: user, password: pass ?? "" }),
    },
    ...tls !== undefined && { plainHttp: tls === "disabled" },
    ...(reqConcurrent !== undefined || reqPerSec !== undefined) && {
      limit: { concurrency: reqConcurrent, rate: reqPerSec },
    },
  };
}

/** What a configuration says of the transport to a registry. */
export function toldTransport(told: SyncRegistry): BaseTransportOptions {
  const { clientCert, clientKey, regcert, tls } = told;
  return {
    ...tls === "insecure" && { insecure: true },
    ...regcert !== undefined && { caCerts: [regcert] },
    ...clientCert !== undefined && { clientCert },
    ...clientKey !== undefined && { clientKey },
  };
}
