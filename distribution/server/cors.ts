/** Which web pages may use a registry from a browser. */
export interface CorsOptions {
  /** Their origins, such as `https://ui.example`, or `*` for all of them. */
  readonly origins: readonly string[];
  /**
   * How long a browser may remember what it was allowed, in seconds.
   *
   * @default {600}
   */
  readonly maxAge?: number | undefined;
}

/** What a page may send, and what of an answer it may see. */
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const SENT = "Authorization, Content-Type, Content-Range, Range, Accept, " +
  "If-None-Match, If-Range";
const SEEN = "Docker-Content-Digest, Docker-Distribution-API-Version, " +
  "Docker-Upload-UUID, Location, Link, Range, Content-Range, Retry-After, " +
  "WWW-Authenticate, OCI-Subject, OCI-Tag, OCI-Filters-Applied";

/**
 * The Fetch standard's protocol by which a browser asks whether a page may see an
 * answer. Cookies take no part: a registry's credentials are in headers, which
 * pages set themselves.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;
  readonly #maxAge: number;

  /** Takes the options. */
  constructor({ origins, maxAge = 600 }: CorsOptions) {
    this.#origins = new Set(origins);
    this.#maxAge = maxAge;
  }

  /** Answers a browser's question before a request; undefined where it is none. */
  preflight({ method, headers }: Request): Response | undefined {
    if (
      method !== "OPTIONS" || !headers.has("access-control-request-method")
    ) return undefined;
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": SENT,
        "access-control-max-age": String(this.#maxAge),
      },
    });
  }

  /** Says in an answer whether the page may see it. */
  mark(request: Request, headers: Headers): void {
    const origin = request.headers.get("origin");
    if (this.#origins.has("*")) {
      headers.set("access-control-allow-origin", "*");
    } else {
      headers.append("vary", "Origin");
      if (origin === null || !this.#origins.has(origin)) return;
      headers.set("access-control-allow-origin", origin);
    }
    headers.set("access-control-expose-headers", SEEN);
  }
}
