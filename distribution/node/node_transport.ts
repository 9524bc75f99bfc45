import * as http from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import { toConnectionError } from "../_connection_failure.ts";
import {
  makeTransport,
  type Transport,
  type TransportRequest,
} from "../transport.ts";
import type { BaseTransportOptions } from "../transport_options.ts";
import { Agents } from "./_agents.ts";
import { certificateAtHome } from "./_client_certificate.ts";
import { Exchange } from "./_exchange.ts";
import { checkOptions, findRule, hostOf, portOf, routeOf } from "./_options.ts";
import { Localhosts } from "./_localhosts.ts";
import { proxyAuthorization } from "./_tunnel.ts";

/** Signed redirects and long challenges pass the 16 KiB that are usual. */
const MAX_HEADER_SIZE = 128 * 1024;

/**
 * A base transport on `node:http` and `node:https`, for Node and Bun, and under
 * Deno for what `fetch` cannot do.
 *
 * A {@linkcode Source} goes out with its exact length, from three blocks of 1 MiB
 * whatever its size; the source is let go as soon as an answer arrives, and an
 * early answer such as 401 is delivered. Connections are kept alive. The system's
 * certificate authorities are trusted where the runtime can tell them.
 *
 * Under Deno a body over TLS is not held back while its reader rests; use
 * `denoTransport` there, which knows the way around.
 *
 * @example
 * ```ts
 * import { nodeTransport } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = nodeTransport({
 *   resolve: [{ host: "registry.example", port: 443, address: "127.0.0.1" }],
 * });
 * assertEquals(transport.maxBodySize, undefined);
 * transport.close?.();
 * ```
 */
export function nodeTransport(options: BaseTransportOptions = {}): Transport {
  checkOptions(options);
  return certificateAtHome(options, (options) => {
    const agents = new Agents(options);
    const localhosts = new Localhosts();
    return makeTransport(
      (request) =>
        localhosts.send(
          request,
          options,
          (address) => exchange(request, options, agents, address),
        ),
      { close: () => agents.close() },
    );
  });
}

async function exchange(
  request: TransportRequest,
  options: BaseTransportOptions,
  agents: Agents,
  address?: string,
): Promise<Response> {
  request.signal?.throwIfAborted();
  const { url } = request;
  const proxy = routeOf(url, options);
  const hop = proxy !== undefined && url.protocol === "http:" ? proxy : url;
  const isSecure = hop.protocol === "https:";
  let outgoing: http.ClientRequest;
  try {
    outgoing = (isSecure ? https : http).request({
      ...target(hop, options),
      ...address && { host: address },
      ...hop === url ? direct(request) : throughProxy(request, hop),
      method: request.method,
      agent: agents.get(url, isRead(request), proxy),
      maxHeaderSize: MAX_HEADER_SIZE,
    });
  } catch (error) {
    throw toConnectionError(error, request);
  }
  const { connectTimeout } = options;
  return await new Exchange(request, outgoing, {
    connectTimeout,
    isSecure,
    proxy,
  }).response;
}

/** Where to connect to, and the name to ask for in TLS. */
function target(
  url: URL,
  options: BaseTransportOptions,
): http.RequestOptions & { servername?: string } {
  const host = hostOf(url);
  const rule = findRule(url, options.resolve);
  return {
    host: rule?.address ?? host,
    port: rule?.targetPort ?? portOf(url),
    // Else it is taken from the Host header, which a caller may override.
    servername: isIP(host) === 0 ? host : "",
  };
}

function isRead({ body, method }: TransportRequest): boolean {
  return method === "GET" && body === undefined;
}

/** A request for the server itself. */
function direct(request: TransportRequest): http.RequestOptions {
  const { pathname, search } = request.url;
  return { path: pathname + search, headers: toOutgoingHeaders(request) };
}

/** A request for a proxy to pass on: it names its whole URL (RFC 9112 §3.2.2). */
function throughProxy(
  request: TransportRequest,
  proxy: URL,
): http.RequestOptions {
  const url = new URL(request.url);
  url.hash = "";
  const authorization = proxyAuthorization(proxy);
  return {
    path: url.href,
    headers: {
      ...toOutgoingHeaders(request),
      ...(authorization && { "proxy-authorization": authorization }),
    },
  };
}

function toOutgoingHeaders(
  { method, url, headers, body }: TransportRequest,
): http.OutgoingHttpHeaders {
  const outgoing: http.OutgoingHttpHeaders = {
    host: url.host,
    "accept-encoding": "identity",
    ...Object.fromEntries(headers),
  };
  delete outgoing["content-length"];
  delete outgoing["transfer-encoding"];
  if (body !== undefined) {
    outgoing["content-length"] = body instanceof Uint8Array
      ? body.byteLength
      : body.size;
  } else if (method !== "GET" && method !== "HEAD") {
    outgoing["content-length"] = 0;
  }
  return outgoing;
}
