import type { RequestHandler } from "@gantry/oci/distribution";

/** A request and its answer, as they were counted. */
export interface CountedRequest {
  /** The method. */
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** The status of the answer; 0 where the handler threw. */
  readonly status: number;
  /** The `Content-Length` of the request; undefined where it had none. */
  readonly size: number | undefined;
}

/** A handler that counts what passes through it. */
export class RequestCounter {
  /** Every request so far, in the order in which they were answered. */
  readonly seen: CountedRequest[] = [];
  readonly #handler: RequestHandler;

  /** Counts what this handler answers. */
  constructor(handler: RequestHandler) {
    this.#handler = handler;
  }

  /** The handler to call, or to serve. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const length = request.headers.get("content-length");
    let status = 0;
    try {
      const response = await this.#handler(request);
      status = response.status;
      return response;
    } finally {
      this.seen.push({
        method: request.method,
        path: pathname + search,
        status,
        size: length === null ? undefined : Number(length),
      });
    }
  };

  /**
   * The requests since the last call, each as method, kind of endpoint and status,
   * such as `PUT manifest 201`, and forgets them.
   */
  take(): string[] {
    return this.seen.splice(0).map(({ method, path, status }) =>
      `${method} ${endpointOf(path)} ${status}`
    );
  }
}

/** Which endpoint a path leads to, in a word. */
export function endpointOf(path: string): string {
  const [pathname = ""] = path.split("?", 1);
  const kinds: readonly [RegExp, string][] = [
    [/^\/v2\/?$/, "ping"],
    [/^\/v2\/_catalog$/, "catalog"],
    [/\/tags\/list$/, "tags"],
    [/\/blobs\/uploads\/?$/, "uploads"],
    [/\/blobs\/uploads\/.+$/, "upload"],
    [/\/blobs\/[^/]+$/, "blob"],
    [/\/manifests\/[^/]+$/, "manifest"],
    [/\/referrers\/[^/]+$/, "referrers"],
    [/\/token$/, "token"],
  ];
  return kinds.find(([pattern]) => pattern.test(pathname))?.[1] ?? pathname;
}
