import { notedCredentials } from "../_noted_credentials.ts";
import { observe } from "../_observe.ts";
import { Secrets } from "../_secrets.ts";
import { authorize } from "../auth/authorize.ts";
import type { CredentialStore } from "../credential.ts";
import { fixedCredentials } from "../credentials.ts";
import { defaultTransport } from "../default_transport.ts";
import { redactUrl } from "../redact.ts";
import { redirect } from "../redirect.ts";
import { parseRegistryName } from "../reference.ts";
import type { SignalOptions } from "../signal_options.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "../transport.ts";
import { USER_AGENT } from "../user_agent.ts";
import { parseAddress } from "./_address.ts";
import type { ClientConfig, ClientOptions } from "./client_options.ts";
import { reported } from "./_debug.ts";
import { readHeld } from "./_held_body.ts";
import type { Method } from "./method.ts";
import { Request, type RequestOptions } from "./request.ts";
import { Response } from "./response.ts";
import { toWire } from "./_wire_request.ts";

const MAX_REDIRECTS = 20;
/** The headers that describe content or its range, and may go where a redirect leads. */
const PUBLIC_HEADER = /^(accept|content|if|range|user-agent)(-|$)/;

/**
 * A client that sends requests as they are written, and gives back each answer,
 * whatever its status.
 *
 * It follows redirects, and answers a challenge of its own registry once: with the
 * user and password, or with a token for them, or with an anonymous one. Tokens are
 * kept for later requests. Nothing else is repeated.
 *
 * @example An upload, request by request
 * ```ts
 * import { Digest } from "@gantry/oci/digest";
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { Client } from "@gantry/oci/distribution/reggie";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const client = new Client("https://registry.example", {
 *   defaultName: "team/app",
 *   transport: fromHandler(createRegistry().fetch),
 * });
 * const begun = await client.do(
 *   client.newRequest("POST", "/v2/<name>/blobs/uploads/"),
 * );
 * assertEquals(begun.status, 202);
 * const finished = await client.do(
 *   client.newRequest("PUT", begun.getRelativeLocation())
 *     .setHeader("Content-Type", "application/octet-stream")
 *     .setQueryParam("digest", String(await Digest.fromString("hello")))
 *     .setBody("hello"),
 * );
 * assertEquals(finished.status, 201);
 * ```
 */
export class Client {
  readonly #address: URL;
  readonly #config: Omit<ClientConfig, "address" | "defaultName">;
  /** The base, where this client made it. */
  readonly #own: Transport | undefined;
  readonly #secrets = new Secrets();
  readonly #authorized: Transport;
  #defaultName: string | undefined;

  /**
   * Makes a client; nothing is sent yet.
   *
   * @param address The registry's URL. Where it has a path, the registry's paths begin below that.
   * @param options How to reach it, and as whom.
   * @throws {TypeError} The address is no http or https URL, or options do not go together.
   */
  constructor(address: string | URL, options: ClientOptions = {}) {
    const { debug = false, insecure = false, password, username } = options;
    this.#address = parseAddress(address);
    this.#defaultName = options.defaultName;
    this.#config = {
      username,
      password,
      authScope: options.authScope,
      debug,
      userAgent: options.userAgent || USER_AGENT,
      insecure,
    };
    if (insecure && options.transport !== undefined) {
      throw new TypeError(
        "Cannot set insecure of a transport that was given: make it so itself",
      );
    }
    this.#own = options.transport === undefined
      ? defaultTransport(insecure ? { insecure } : {})
      : undefined;
    const base = withDebug(options.transport ?? this.#own!, debug);
    const place = {
      registry: parseRegistryName(this.#address.host),
      origin: this.#address,
    };
    const secrets = this.#secrets;
    const credentials = credentialsOf(options);
    this.#authorized = authorize(
      observe(base, { ...place, secrets, privateHeaders: [] }),
      {
        ...place,
        credentials: credentials && notedCredentials(credentials, secrets),
        scope: options.authScope || undefined,
      },
    );
  }

  /** How the client was set up. */
  get config(): ClientConfig {
    const config = {
      address: this.#address.href.replace(/\/$/, ""),
      defaultName: this.#defaultName,
      ...this.#config,
    };
    // It is there for who asks for it, and not for whoever prints the object.
    Object.defineProperty(config, "password", { enumerable: false });
    return Object.freeze(config);
  }

  /** Sets what stands for `<name>` in requests made from now on that bring no name of their own. */
  setDefaultName(name: string): this {
    this.#defaultName = name;
    return this;
  }

  /**
   * Makes a request; nothing is sent yet.
   *
   * @param method One of the seven methods.
   * @param path A path, in which `<name>`, `<reference>`, `<digest>` and `<session_id>` are replaced, or a whole URL.
   * @param options What to replace them by.
   * @throws {TypeError} The method is not one of the seven, the path is empty, or a value leads out of its place.
   */
  newRequest(
    method: Method,
    path: string,
    options: RequestOptions = {},
  ): Request {
    const name = options.name || this.#defaultName;
    return new Request(this.#address, { ...options, method, path, name });
  }

  /**
   * Sends a request, and gives the answer, whatever its status.
   *
   * @throws {TypeError} A placeholder has no value, the URL is malformed, or the `Content-Length` is not the body's.
   * @throws {RegistryError} The token service refuses.
   * @throws {ProtocolError} A challenge, a token or a redirect makes no sense.
   * @throws {SecurityError} Going on would have given a secret away.
   * @throws {ConnectionError} There was no answer.
   */
  async do(request: Request, options: SignalOptions = {}): Promise<Response> {
    const { signal } = options;
    const { userAgent } = this.#config;
    signal?.throwIfAborted();
    const first = toWire(request, userAgent);
    let changed: TransportRequest | undefined;
    // A redirect that comes after the change gets what was changed, too.
    const inner = wrapTransport(
      this.#authorized,
      (sent) => this.#authorized(changed ? withContent(sent, changed) : sent),
    );
    const send = redirect(inner, {
      maxRedirects: MAX_REDIRECTS,
      privateHeaders: [...first.headers.keys()]
        .filter((name) => !PUBLIC_HEADER.test(name)),
    });
    const response = await send({
      ...first,
      signal,
      onChallenge: async (sent) => {
        const { retryCallback } = request;
        if (retryCallback === undefined || changed !== undefined) return sent;
        await retryCallback(request);
        changed = toWire(request, userAgent);
        const { body, headers, method, url } = changed;
        return {
          ...sent,
          ...{ body, headers, method },
          // A redirect may have changed it before.
          url: url.href === first.url.href ? sent.url : url,
        };
      },
    }).catch((error) => {
      throw this.#secrets.scrubError(error);
    });
    const action = `Cannot ${first.method} ${redactUrl(first.url)}`;
    return new Response(response, await readHeld(response, action));
  }

  /**
   * Lets go of idle connections; the client can be used again. Only a transport that
   * the client made itself is closed; one that it was given belongs to the giver.
   */
  close(): void {
    this.#own?.close?.();
  }

  /** Closes the client at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The request with the body of another, and with what describes that. */
function withContent(
  sent: TransportRequest,
  { body, headers: given }: TransportRequest,
): TransportRequest {
  const headers = new Headers(sent.headers);
  for (const [name, value] of given) {
    if (PUBLIC_HEADER.test(name)) headers.set(name, value);
  }
  return { ...sent, body, headers };
}

function credentialsOf(
  { credentials, password, username }: ClientOptions,
): CredentialStore | undefined {
  if (!username && !password) return credentials;
  if (!username || !password || credentials !== undefined) {
    throw new TypeError(
      "Cannot make a client: expected a username and a password, or credentials, or neither",
    );
  }
  return fixedCredentials({ username, password });
}

function withDebug(
  transport: Transport,
  debug: ClientConfig["debug"],
): Transport {
  if (debug === false) return transport;
  // deno-lint-ignore no-console -- this is what `true` asks for
  return reported(transport, debug === true ? console.error : debug);
}
