import { RequestError } from "./request_error.ts";

/** What a server knows of a request beside the request. Deno's `ServeHandlerInfo` is one. */
export interface RequestContext {
  /** The other end of the connection. */
  readonly remoteAddr?: { readonly hostname?: string };
}

/** Where a registry is seen from outside. */
export interface OutsideOptions {
  /**
   * The URL under which clients reach the registry, such as
   * `https://registry.example/sub`; what they are pointed to then begins with it.
   * Without it they are pointed to paths.
   */
  readonly externalUrl?: string | undefined;
  /**
   * The path below which the registry answers, such as `/registry`.
   *
   * @default {""}
   */
  readonly basePath?: string | undefined;
  /**
   * Believe `X-Forwarded-Proto`, `-Host`, `-Prefix` and `-For`. Only for a registry
   * that nobody reaches but through a proxy which sets them.
   *
   * @default {false}
   */
  readonly trustForwarded?: boolean | undefined;
}

const PATH = /^(?:\/[\w.~-]+)*$/;
const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Knows where a registry is seen from outside, which may differ from what it sees itself. */
export class Outside {
  readonly #url: string | undefined;
  readonly #basePath: string;
  readonly #trusts: boolean;

  /**
   * Takes the options.
   *
   * @throws {TypeError} The URL or the path is none.
   */
  constructor(options: OutsideOptions) {
    this.#url = options.externalUrl && checkUrl(options.externalUrl);
    this.#basePath = options.basePath?.replace(/\/+$/, "") ?? "";
    this.#trusts = options.trustForwarded ?? false;
    if (!PATH.test(this.#basePath)) {
      throw new TypeError(`Cannot use base path "${options.basePath}"`);
    }
  }

  /**
   * A path as the registry understands it, without what it is mounted below.
   *
   * @throws {RequestError} 404: the path is outside of that.
   */
  inner(path: string): string {
    const base = this.#basePath;
    if (base === "") return path;
    if (path.startsWith(`${base}/`)) return path.slice(base.length);
    throw new RequestError(404, "UNSUPPORTED", "There is no such endpoint");
  }

  /** What stands in front of `/v2/` in the URLs that clients are given: "" where a path will do. */
  prefix({ headers }: Request): string {
    if (this.#url !== undefined) return this.#url;
    if (!this.#trusts) return this.#basePath;
    const path = forwarded(headers, "prefix", PATH) ?? "";
    const host = forwarded(headers, "host", HOST);
    if (host === undefined) return path + this.#basePath;
    const scheme = forwarded(headers, "proto", /^https?$/) ?? "http";
    return `${scheme}://${host}${path}${this.#basePath}`;
  }

  /**
   * The same, and in any case an absolute URL.
   *
   * @throws {RequestError} 400: the header `Host` names no host.
   */
  absolute(request: Request): string {
    const prefix = this.prefix(request);
    if (prefix.includes("://")) return prefix;
    // Deno makes the URL of what the client wrote, and does not look at it.
    if (URL.canParse(request.url)) return new URL(request.url).origin + prefix;
    throw new RequestError(400, "UNSUPPORTED", "The header Host names no host");
  }

  /** The client's address, where it is known. */
  address(
    { headers }: Request,
    context: RequestContext | undefined,
  ): string | undefined {
    const seen = this.#trusts
      ? forwarded(headers, "for", /^[0-9A-Fa-f:.[\]]+$/)
      : undefined;
    return seen ?? context?.remoteAddr?.hostname;
  }
}

/** The last of the values in a header: that of the nearest proxy, which is the trusted one. */
function forwarded(
  headers: Headers,
  name: string,
  grammar: RegExp,
): string | undefined {
  const value = headers.get(`x-forwarded-${name}`)?.split(",").at(-1)?.trim();
  return value !== undefined && grammar.test(value) ? value : undefined;
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null || !/^https?:$/.test(url.protocol) || url.search !== "" ||
    url.hash !== "" || url.username !== "" || url.password !== ""
  ) {
    throw new TypeError(
      "Cannot use the external URL: expected as https://host/path",
    );
  }
  return url.href.replace(/\/+$/, "");
}
