import { failureMentions } from "../_connection_failure.ts";
import { ConnectionError } from "../errors.ts";
import { fetchTransport } from "../fetch_transport.ts";
import { proxyFor, type ProxyOptions } from "../proxy.ts";
import {
  makeTransport,
  type Transport,
  type TransportRequest,
} from "../transport.ts";
import type { BaseTransportOptions } from "../transport_options.ts";
import { certificateAtHome } from "./_client_certificate.ts";
import {
  blameProxy,
  checkOptions,
  CONNECT_TIMEOUT,
  connectTimedOut,
  findRule,
  hostOf,
  isLocalhost,
  portOf,
  proxyRefused,
  routeOf,
} from "./_options.ts";
import { proxyFromEnvironment } from "./proxy_from_environment.ts";
import { proxyCredential } from "./_proxy_credential.ts";
import { reachableFetch } from "./_reachable_fetch.ts";

/** The words by which Deno's `fetch` says that it does not know an authority. */
const UNKNOWN_ISSUER = /UnknownIssuer/;
/**
 * Failures before anything was sent that `node:http` does not have: a certificate
 * that is authority and server at once, and the ports that browsers block.
 */
const NODE_CAN = /CaUsedAsEndEntity|Requests to port \d+ are blocked/;

/**
 * The base transport for Deno, which sends each request by the way that does it best.
 *
 * - GET and HEAD go through `fetch` over HTTP/1.1, whose bodies are read without
 *   copies and hold a fast sender back.
 * - What has effects (POST, PUT, PATCH, DELETE) goes through `node:http`: it sends
 *   exact lengths, delivers an early answer, and a request is never sent twice
 *   behind the caller's back, as `fetch` does where a kept-alive connection died.
 * - What `fetch` cannot do goes through `node:http` too: accepting any certificate, a
 *   certificate that is its own authority, resolve rules, another `Host`, and the
 *   ports that browsers block. Large bodies over TLS then come in `Range` windows
 *   of 8 MiB, because there Deno does not hold the sender back.
 *
 * `fetch` cannot forget the runtime's own authorities: `caCerts` add to them there.
 *
 * @example
 * ```ts
 * import { denoTransport } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = denoTransport({ insecure: true });
 * assertEquals(transport.maxBodySize, undefined);
 * transport.close?.();
 * ```
 */
export function denoTransport(options: BaseTransportOptions = {}): Transport {
  return certificateAtHome(options, (options) => {
    const base = new DenoBase(options);
    return makeTransport((request) => base.send(request), {
      close: () => base.close(),
    });
  });
}

/** The transports on `fetch` of one proxy, or of none. */
interface Route {
  readonly proxy: URL | undefined;
  plain?: Transport;
  secure?: Transport;
  trusting?: Transport;
}

class DenoBase {
  readonly #options: BaseTransportOptions;
  /** Origins that `fetch` cannot talk to. */
  readonly #nodeOrigins = new Set<string>();
  readonly #clients = new Set<Deno.HttpClient>();
  /** The ways to `fetch`, by the proxies that they go through. */
  readonly #routes = new Map<string, Route>();
  /** The proxies that `fetch` takes by itself. */
  readonly #inherited: ProxyOptions;
  #node: Promise<Transport> | undefined;
  #windowed: Promise<Transport> | undefined;

  constructor(options: BaseTransportOptions) {
    this.#inherited = proxyFromEnvironment();
    this.#options = { ...options, proxy: options.proxy ?? this.#inherited };
    checkOptions(this.#options);
  }

  async send(request: TransportRequest): Promise<Response> {
    const { method, url, body } = request;
    const fetchable = (method === "GET" || method === "HEAD") &&
      body === undefined && !this.#needsNode(request);
    if (!fetchable) return await this.#sendByNode(request);
    const proxy = routeOf(url, this.#options);
    let route = this.#routes.get(proxy?.href ?? "");
    if (route === undefined) {
      route = { proxy };
      this.#routes.set(proxy?.href ?? "", route);
    }
    let response: Response;
    try {
      response = url.protocol === "https:"
        ? await this.#sendSecurely(request, route)
        : await this.#sendByFetch(request, route.plain ??= this.#client(route));
    } catch (error) {
      throw blameProxy(error, request, proxy);
    }
    if (response.status !== 407 || proxy === undefined) return response;
    await response.body?.cancel();
    throw proxyRefused(request, proxy, 407);
  }

  close(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
    this.#routes.clear();
    this.#node?.then((node) => node.close?.(), () => {});
  }

  #needsNode({ url, headers }: TransportRequest): boolean {
    const { insecure, resolve } = this.#options;
    const host = headers.get("host");
    return (insecure === true && url.protocol === "https:") ||
      findRule(url, resolve) !== undefined ||
      (host !== null && host !== url.host) ||
      this.#nodeOrigins.has(url.origin) ||
      // What fetch takes by itself cannot be talked out of it.
      routeOf(url, this.#options)?.href !==
        proxyFor(url, this.#inherited)?.href;
  }

  /**
   * The system's authorities are loaded only for a server whose certificate the
   * runtime's own do not vouch for: that saves each other start a few milliseconds.
   */
  async #sendSecurely(
    request: TransportRequest,
    route: Route,
  ): Promise<Response> {
    const { caCerts } = this.#options;
    if (route.trusting === undefined) {
      route.secure ??= this.#client(route, caCerts);
      try {
        return await this.#sendByFetch(request, route.secure);
      } catch (error) {
        if (caCerts !== undefined || !failureMentions(error, UNKNOWN_ISSUER)) {
          throw error;
        }
      }
      const { systemCertificates } = await import("./_agents.ts");
      route.trusting ??= this.#client(route, systemCertificates());
    }
    return await this.#sendByFetch(request, route.trusting);
  }

  async #sendByFetch(
    request: TransportRequest,
    transport: Transport,
  ): Promise<Response> {
    try {
      return await transport(request);
    } catch (error) {
      const isElsewhere = error instanceof ConnectionError &&
        error.code === "CONNECTION_REFUSED" && isLocalhost(request.url);
      if (!isElsewhere && !failureMentions(error, NODE_CAN)) throw error;
    }
    const response = await this.#sendByNode(request);
    this.#nodeOrigins.add(request.url.origin);
    return response;
  }

  async #sendByNode(request: TransportRequest): Promise<Response> {
    this.#node ??= import("./node_transport.ts").then(({ nodeTransport }) =>
      nodeTransport(this.#options)
    );
    if (!request.large || request.url.protocol !== "https:") {
      return await (await this.#node)(request);
    }
    this.#windowed ??= Promise.all([this.#node, import("./windows.ts")])
      .then(([node, { windowed }]) => windowed(node));
    return await (await this.#windowed)(request);
  }

  /** HTTP/1.1 only: over HTTP/2 a large body takes twice the time. */
  #client({ proxy }: Route, caCerts: readonly string[] = []): Transport {
    const { clientCert, clientKey } = this.#options;
    const client = Deno.createHttpClient({
      http2: false,
      caCerts: [...caCerts],
      ...(clientCert === undefined || clientKey === undefined
        ? {}
        : { cert: clientCert, key: clientKey }),
      ...(proxy && { proxy: toDenoProxy(proxy) }),
    });
    this.#clients.add(client);
    const { connectTimeout = CONNECT_TIMEOUT } = this.#options;
    return fetchTransport({
      client,
      fetch: reachableFetch({
        connectTimeout,
        target: (url) => ({
          host: hostOf(proxy ?? url),
          port: portOf(proxy ?? url),
        }),
        timedOut: (method, url) =>
          connectTimedOut({ method, url }, connectTimeout),
      }),
    });
  }
}

function toDenoProxy(proxy: URL): Deno.Proxy {
  const basicAuth = proxyCredential(proxy);
  return { url: proxy.origin, ...(basicAuth && { basicAuth }) };
}
