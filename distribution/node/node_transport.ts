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
import {
  blameProxy,
  checkOptions,
  CONNECT_TIMEOUT,
  connectTimedOut,
  findRule,
  hostOf,
  portOf,
  proxyRefused,
  routeOf,
} from "./_options.ts";
import { Localhosts } from "./_localhosts.ts";
import { type ReceivedResponse, toResponse } from "./_response.ts";
import { proxyAuthorization } from "./_tunnel.ts";
import { endWith, Upload } from "./_upload.ts";

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

function exchange(
  request: TransportRequest,
  options: BaseTransportOptions,
  agents: Agents,
  address?: string,
): Promise<Response> {
  const { method, url, body, onSent, signal } = request;
  const { connectTimeout = CONNECT_TIMEOUT } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const proxy = routeOf(url, options);
    const hop = proxy !== undefined && url.protocol === "http:" ? proxy : url;
    const module = hop.protocol === "https:" ? https : http;
    let outgoing: http.ClientRequest;
    try {
      outgoing = module.request({
        ...target(hop, options),
        ...address && { host: address },
        method,
        ...hop === url
          ? {
            path: url.pathname + url.search,
            headers: toOutgoingHeaders(request),
          }
          : throughProxy(request, hop),
        agent: agents.get(url, method === "GET" && body === undefined, proxy),
        maxHeaderSize: MAX_HEADER_SIZE,
      });
    } catch (error) {
      return reject(toConnectionError(error, request));
    }
    const upload = body === undefined || body instanceof Uint8Array
      ? undefined
      : new Upload(outgoing, body, onSent);
    let received: ReceivedResponse | undefined;
    let uploaded = upload === undefined;
    let over = false;

    const connecting = setTimeout(() => {
      fail(connectTimedOut(request, connectTimeout));
    }, Math.min(connectTimeout, 2 ** 31 - 1));
    const onConnected = () => clearTimeout(connecting);

    const finish = () => {
      onConnected();
      if (over) return;
      over = true;
      signal?.removeEventListener("abort", onAbort);
      // The server did not wait for the rest, so the connection cannot be used again.
      if (!uploaded || !outgoing.writableFinished) outgoing.destroy();
    };
    const fail = (error: unknown) => {
      onConnected();
      upload?.stop();
      if (received !== undefined) received.fail(error);
      else reject(error);
      outgoing.destroy();
      finish();
    };
    const onAbort = () => fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });

    outgoing.on("error", (error) => {
      // Once there is an answer, its body tells of a broken connection.
      if (received === undefined && !over) {
        fail(blameProxy(toConnectionError(error, request), request, proxy));
      }
    });
    outgoing.on("close", () => {
      if (received === undefined && !over) {
        const closed = Object.assign(new Error("closed"), {
          code: "ECONNRESET",
        });
        fail(toConnectionError(closed, request));
      }
    });
    outgoing.on("socket", (socket) => {
      if (outgoing.reusedSocket) onConnected();
      else if (module === http) socket.once("connect", onConnected);
      else socket.once("secureConnect", onConnected);
      // Deno takes the mark of a kept-alive socket as leave to send the request
      // once more by itself when that socket is dead. We retry, not the runtime.
      outgoing.reusedSocket = false;
    });
    outgoing.on("response", (message) => {
      onConnected();
      if (over) {
        message.destroy();
        return;
      }
      upload?.stop();
      if (message.statusCode === 407 && proxy !== undefined) {
        return fail(proxyRefused(request, proxy, 407));
      }
      try {
        received = toResponse(message, method, {
          mapError: (error) => toConnectionError(error, request),
          end: finish,
        });
        resolve(received.response);
      } catch (error) {
        fail(toConnectionError(error, request));
      }
    });

    if (upload === undefined) {
      endWith(outgoing, body as Uint8Array | undefined, onSent);
    } else {
      upload.run().then((complete) => void (uploaded = complete), (error) => {
        if (received === undefined && !over) fail(error);
      });
    }
  });
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
