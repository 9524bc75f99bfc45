import { discard } from "./_discard.ts";
import { failure } from "./_failure.ts";
import { notedCredentials } from "./_noted_credentials.ts";
import { observe } from "./_observe.ts";
import { Mirrors } from "./_mirrors.ts";
import { listNames } from "./_pages.ts";
import { ownSecrets, scrubbedError, Secrets } from "./_secrets.ts";
import { authorize } from "./auth/authorize.ts";
import type { Capabilities } from "./capabilities.ts";
import type { ClientOptions } from "./client_options.ts";
import { defaultTransport } from "./default_transport.ts";
import type { ClientEvent, ClientEventHook } from "./events.ts";
import { limit } from "./limit.ts";
import { redactUrl } from "./redact.ts";
import { redirect } from "./redirect.ts";
import { parseRegistryName } from "./reference.ts";
import type { RegistryRequest } from "./registry_request.ts";
import { Repository } from "./repository.ts";
import { retry, type RetryOptions } from "./retry.ts";
import type { SignalOptions } from "./signal_options.ts";
import { guardStalls } from "./stall.ts";
import { limitTime } from "./time_limit.ts";
import { type Transport, wrapTransport } from "./transport.ts";
import { USER_AGENT } from "./user_agent.ts";

/** How to list repositories. */
export interface CatalogOptions extends SignalOptions {
  /** List only names behind this one. */
  readonly last?: string | undefined;
  /**
   * How many names to ask for at once; the registry may give fewer.
   *
   * @default {the registry's own number}
   */
  readonly pageSize?: number | undefined;
}

/** The wire host of Docker Hub, whose name in references is another. */
const DOCKER_HUB_HOST = "registry-1.docker.io";

/**
 * A registry, and how to talk to it. Tokens are kept per client, so one client
 * should serve all repositories of a registry.
 *
 * @example
 * ```ts
 * import { fromHandler, RegistryClient, toSource } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { Digest } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createRegistry();
 * const client = new RegistryClient("registry.example", {
 *   transport: fromHandler(registry.fetch),
 * });
 * await client.ping();
 *
 * const { blobs } = client.repository("team/app");
 * const descriptor = {
 *   mediaType: "text/plain",
 *   digest: String(await Digest.fromString("hello")),
 *   size: 5,
 * };
 * await blobs.push(descriptor, toSource("hello"));
 * assertEquals(await new Response(await blobs.get(descriptor)).text(), "hello");
 * ```
 */
export class RegistryClient {
  /** `host[:port]` as it stands in references. */
  readonly registry: string;
  /** Where the registry's paths begin, such as `https://ghcr.io/`. */
  readonly origin: URL;
  /** What the registry is known to support; learned from its answers. */
  readonly capabilities: Capabilities;
  /** How it retries. */
  readonly retryOptions: RetryOptions;
  /** The size of the parts that blobs are uploaded in, where that was given. */
  readonly chunkSize: number | undefined;
  readonly #headers: Headers;
  readonly #once: Transport;
  /** The base, where this client made it. */
  readonly #own: Transport | undefined;
  readonly #transport: Transport;
  readonly #mirrors: Mirrors | undefined;

  /**
   * Makes a client; nothing is sent yet.
   *
   * @param registry The registry's `host[:port]`, `docker.io` for Docker Hub.
   * @param options How to reach it.
   * @throws {InvalidReferenceError} The registry's name is malformed.
   * @throws {RangeError} A time, a limit or a number of attempts is out of its range.
   */
  constructor(registry: string, options: ClientOptions = {}) {
    const { allowedRealms, credentials, userAgent = USER_AGENT } = options;
    const secrets = new Secrets();
    ownSecrets(this, secrets);
    const onEvent = quietly(options.onEvent, secrets);
    this.registry = parseRegistryName(registry);
    const host = this.registry === "docker.io"
      ? DOCKER_HUB_HOST
      : this.registry;
    this.origin = new URL(`${options.plainHttp ? "http" : "https"}://${host}/`);
    this.capabilities = { ...options.capabilities };
    this.retryOptions = { onEvent, ...options.retry };
    this.chunkSize = options.chunkSize;
    this.#headers = new Headers(options.headers);
    const privateHeaders = [...this.#headers.keys()];
    if (!this.#headers.has("user-agent")) {
      this.#headers.set("user-agent", userAgent);
    }
    this.#own = options.transport === undefined
      ? defaultTransport()
      : undefined;
    const lively = guardStalls(options.transport ?? this.#own!, {
      timeout: options.stallTimeout,
    });
    // Outside, because waiting in line is no stall.
    const paced = options.limit === undefined
      ? lively
      : limit(lively, options.limit);
    const base = observe(paced, {
      registry: this.registry,
      origin: this.origin,
      secrets,
      privateHeaders,
      onEvent,
    });
    const authorized = authorize(base, {
      registry: this.registry,
      origin: this.origin,
      credentials: credentials && notedCredentials(credentials, secrets),
      allowedRealms,
      scope: options.authScope,
      schemes: options.authSchemes,
      onEvent,
      clock: options.retry?.clock,
    });
    const once = redirect(authorized, {
      origin: this.origin,
      privateHeaders,
      onEvent,
    });
    const { timeout = Infinity } = options;
    this.#mirrors = mirrorsOf(this.registry, { ...options, onEvent });
    this.#once = limitTime(once, { timeout });
    this.#transport = limitTime(retry(once, this.retryOptions), { timeout });
  }

  /** The largest body that can be sent in one request; unlimited where undefined. */
  get maxBodySize(): number | undefined {
    return this.#transport.maxBodySize;
  }

  /**
   * Sends a request with the client's headers, credential, redirects and retries:
   * for what has no method of its own here.
   *
   * @throws {RegistryError} The answer's status is not one of those expected.
   * @throws {ConnectionError} There was no answer.
   * @throws {SecurityError} Going on would have given a secret away.
   */
  async send(request: RegistryRequest): Promise<Response> {
    const { body, expect, idempotent, large, method, scopes, signal } = request;
    signal?.throwIfAborted();
    if (request.mirrored === true && this.#mirrors !== undefined) {
      const response = await this.#mirrors.send(request);
      if (response !== undefined) return response;
    }
    const url = new URL(request.url, this.origin);
    const headers = new Headers(this.#headers);
    for (const [name, value] of Object.entries(request.headers ?? {})) {
      headers.set(name, value);
    }
    const transport = request.retry === false ? this.#once : this.#transport;
    const response = await transport({
      method,
      url,
      headers,
      body,
      signal,
      scopes,
      idempotent,
      large,
    }).catch((error) => {
      throw scrubbedError(this, error);
    });
    if (expect === undefined || expect.includes(response.status)) {
      return response;
    }
    const action = request.action ?? `Cannot ${method} ${redactUrl(url)}`;
    const { clock } = this.retryOptions;
    throw await failure(response, { action, method, url, signal, clock });
  }

  /**
   * A repository of this registry.
   *
   * @throws {InvalidReferenceError} The name is malformed.
   */
  repository(name: string): Repository {
    return new Repository(this, name);
  }

  /**
   * Asks whether this is a registry that lets the caller in (distribution-spec, end-1).
   *
   * @throws {UnauthorizedError} The credential is missing or wrong.
   * @throws {NotFoundError} There is no registry here.
   * @throws {RegistryError} The answer has another status than 200.
   * @throws {ConnectionError} There was no answer.
   */
  async ping(options: SignalOptions = {}): Promise<void> {
    const response = await this.send({
      method: "GET",
      url: "v2/",
      action: `Cannot reach registry ${this.registry}`,
      expect: [200],
      signal: options.signal,
    });
    await discard(response);
  }

  /**
   * Lists the registry's repositories, page by page as they are consumed.
   *
   * Not part of the OCI specification, but common; many public registries refuse it.
   *
   * @throws {RegistryError} The registry refuses.
   * @throws {RangeError} `pageSize` is no positive integer.
   * @throws {ProtocolError} A page is no list, its link is no URL, or the pages do not end.
   * @throws {SecurityError} `LINK_FOREIGN`: the next page is on another host.
   */
  async *catalog(options: CatalogOptions = {}): AsyncGenerator<string> {
    yield* listNames(this, {
      ...options,
      path: "v2/_catalog",
      member: "repositories",
      action: `Cannot list repositories of ${this.registry}`,
      scopes: ["registry:catalog:*"],
    });
  }

  /**
   * Lets go of idle connections; the client can be used again. Only a transport that
   * the client made itself is closed; one that it was given belongs to the giver.
   */
  close(): void {
    this.#own?.close?.();
    this.#mirrors?.close();
  }

  /** Closes the client at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A hook that is told of no secret, though an answer can put one into a URL or a scope. */
function quietly(
  hook: ClientEventHook | undefined,
  secrets: Secrets,
): ClientEventHook | undefined {
  return hook &&
    ((event) =>
      hook({ ...secrets.scrubData(event), type: event.type } as ClientEvent));
}

/** The same base without its client certificate, which is meant for one registry. */
function anonymously(base: Transport): Transport {
  return wrapTransport(
    base,
    (request) => base({ ...request, anonymous: true }),
  );
}

/** The mirrors of a registry, each with a client of its own that is told nothing but how to behave. */
function mirrorsOf(
  registry: string,
  options: ClientOptions,
): Mirrors | undefined {
  const { mirrors = [], onEvent, transport } = options;
  if (mirrors.length === 0) return undefined;
  const { limit, retry, stallTimeout, timeout, userAgent } = options;
  const shared = { limit, retry, stallTimeout, timeout, userAgent, onEvent };
  return new Mirrors(registry, mirrors, {
    onEvent,
    clock: retry?.clock,
    makeClient: (mirror) =>
      new RegistryClient(mirror.registry, {
        ...shared,
        transport: transport && anonymously(transport),
        ...mirror,
      }),
  });
}
