import { createRegistry } from "@gantry/oci/distribution/server";

/** Answers a request of a test, by itself or by the registry's answer. */
export type Meddler = (
  request: Request,
  next: (request: Request) => Promise<Response>,
) => Response | Promise<Response>;

/** A request as it arrived. */
export interface SeenRequest {
  /** The method. */
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  /** The headers. */
  readonly headers: Headers;
}

/** A registry on a loopback port, whose answers a test may spoil. */
export interface HttpRegistry extends AsyncDisposable {
  /** Where it listens, as `127.0.0.1:port`. */
  readonly host: string;
  /** Every request so far, in order. */
  readonly seen: SeenRequest[];
  /** The requests so far of a method whose path ends in this, in order. */
  requests(method: string, ending: string): SeenRequest[];
}

/** How an {@linkcode HttpRegistry} is reached. */
export interface HttpRegistryOptions {
  /** The server's certificate and key, PEM: it then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Serves a registry in memory over HTTP, through what a test puts in between. */
export function openHttpRegistry(
  meddle: Meddler = (request, next) => next(request),
  options: HttpRegistryOptions = {},
): HttpRegistry {
  const registry = createRegistry();
  const seen: SeenRequest[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...options.tls },
    (request) => {
      const { method, headers, url } = request;
      const path = new URL(url).pathname;
      seen.push({ method, path, headers: new Headers(headers) });
      return meddle(request, (request) => registry.fetch(request));
    },
  );
  return {
    host: `127.0.0.1:${server.addr.port}`,
    seen,
    requests: (method, ending) =>
      seen.filter((one) => one.method === method && one.path.endsWith(ending)),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The answer with its length told, and its connection cut after so many bytes of the body. */
export async function cutOff(
  response: Response,
  size: number,
): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  headers.set("content-length", String(bytes.byteLength));
  // A body that is shorter than its header says makes the server end the connection.
  const body = new Blob([bytes.subarray(0, size)]).stream();
  return new Response(body, { status: response.status, headers });
}
