import { basicAuthorization } from "../auth/basic.ts";
import { isBearerToken } from "../auth/bearer.ts";
import type { Source, SourceLike } from "../source.ts";
import { toBody } from "./_request_body.ts";
import { checkMethod, type Method } from "./method.ts";
import { fillPlaceholders, joinPath, type Placeholders } from "./_path.ts";

/**
 * What a request can carry: bytes, text (as UTF-8), a `Blob`, a {@linkcode Source}, or
 * any other object, which is sent as JSON.
 */
export type RequestBody = SourceLike | object;

/**
 * Gets a request that the registry refused for want of authorization, and may change it
 * before it is sent again. What it throws ends the request.
 */
export type RetryCallback = (request: Request) => void | Promise<void>;

/** What a request is about. */
export interface RequestOptions {
  /**
   * What stands for `<name>`: a repository.
   *
   * @default {the client's default name}
   */
  readonly name?: string | undefined;
  /** What stands for `<reference>`: a tag or a digest. */
  readonly reference?: string | undefined;
  /** What stands for `<digest>`. */
  readonly digest?: string | undefined;
  /** What stands for `<session_id>`: an upload. */
  readonly sessionId?: string | undefined;
  /**
   * Called before the request is sent again with authorization.
   *
   * @default {none}
   */
  readonly retryCallback?: RetryCallback | undefined;
}

/**
 * A request to be sent by `Client.do()`, as often as wished. Its setters give the
 * request itself, so that they can be chained.
 *
 * @example
 * ```ts
 * import { Client } from "@gantry/oci/distribution/reggie";
 * import { assertEquals } from "@std/assert";
 *
 * const client = new Client("https://registry.example");
 * const request = client
 *   .newRequest("PUT", "/v2/<name>/blobs/uploads/<session_id>", {
 *     name: "team/app",
 *     sessionId: "1234",
 *   })
 *   .setHeader("Content-Type", "application/octet-stream")
 *   .setQueryParam("digest", "sha256:…")
 *   .setBody("hello");
 * assertEquals(request.method, "PUT");
 * assertEquals(
 *   request.url,
 *   "https://registry.example/v2/team/app/blobs/uploads/1234?digest=sha256%3A%E2%80%A6",
 * );
 * ```
 */
export class Request {
  readonly #address: URL;
  readonly #values: Placeholders;
  readonly #headers = new Headers();
  readonly #query = new Map<string, string>();
  #method: Method;
  #url: string;
  #body: Uint8Array<ArrayBuffer> | Source | undefined;
  #retryCallback: RetryCallback | undefined;

  /**
   * Made by `Client.newRequest()`.
   *
   * @throws {TypeError} The method is not one of the seven, the path is empty, or a value leads out of its place.
   */
  constructor(
    address: URL,
    { method, path, ...options }: RequestOptions & {
      readonly method: Method;
      readonly path: string;
    },
  ) {
    const { digest, name, reference, retryCallback, sessionId } = options;
    this.#address = address;
    this.#values = { name, reference, digest, session_id: sessionId };
    this.#method = checkMethod(method);
    this.#url = this.#locate(path);
    this.#retryCallback = retryCallback;
  }

  /** The method. */
  get method(): Method {
    return this.#method;
  }

  /**
   * The whole URL, query parameters included. A placeholder that has no value still
   * stands in it; the request can then not be sent.
   */
  get url(): string {
    const query = [...this.#query].map(([name, value]) =>
      `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
    ).join("&");
    if (query === "") return this.#url;
    // Appended as text: a location's own parameters may be signed.
    const [url, hash] = splitHash(this.#url);
    return `${url}${url.includes("?") ? "&" : "?"}${query}${hash}`;
  }

  /** The headers that were set. What is done to this copy changes nothing. */
  get headers(): Headers {
    return new Headers(this.#headers);
  }

  /** The body, and undefined where there is none. */
  get body(): Uint8Array<ArrayBuffer> | Source | undefined {
    return this.#body;
  }

  /** What is called before the request is sent again with authorization. */
  get retryCallback(): RetryCallback | undefined {
    return this.#retryCallback;
  }

  /**
   * Sets the method.
   *
   * @throws {TypeError} It is not one of the seven.
   */
  setMethod(method: Method): this {
    this.#method = checkMethod(method);
    return this;
  }

  /**
   * Sets where the request goes: a path below the client's address, placeholders
   * included, or a whole URL.
   *
   * @throws {TypeError} It is empty, or a value leads out of its place.
   */
  setUrl(url: string | URL): this {
    this.#url = this.#locate(String(url));
    return this;
  }

  /**
   * Sets a header, in place of any other of this name. A `Content-Length` must be the
   * body's size; it is sent without being set, too.
   *
   * @throws {TypeError} The name or the value cannot stand in a header.
   */
  setHeader(name: string, value: string): this {
    this.#headers.set(name, value);
    return this;
  }

  /** Sets a parameter to add to the URL's query, in place of any other that was set with this name. */
  setQueryParam(name: string, value: string): this {
    this.#query.set(name, value);
    return this;
  }

  /**
   * Sets the body. A stream can be read only once, and a request may have to be sent
   * again: give a {@linkcode Source} that can open it anew.
   *
   * @throws {TypeError} The body is a stream, or has no JSON form.
   */
  setBody(body: RequestBody): this {
    this.#body = toBody(body);
    return this;
  }

  /** Sets what is called before the request is sent again with authorization. */
  setRetryCallback(callback: RetryCallback): this {
    this.#retryCallback = callback;
    return this;
  }

  /**
   * Authorizes the request by a bearer token. It is then sent once, as it is.
   *
   * @throws {TypeError} The token cannot stand in a header.
   */
  setAuthToken(token: string): this {
    if (!isBearerToken(token)) {
      // The runtime's own error would show it.
      throw new TypeError(
        "Cannot set the token of a request: it has forbidden characters",
      );
    }
    return this.setHeader("authorization", `Bearer ${token}`);
  }

  /** Authorizes the request by a user and a password. It is then sent once, as it is. */
  setBasicAuth(username: string, password: string): this {
    const value = basicAuthorization({ username, password });
    return this.setHeader("authorization", value);
  }

  #locate(path: string): string {
    if (path === "") {
      throw new TypeError(
        "Cannot make a request: its path is empty, as that of a missing Location is",
      );
    }
    return fillPlaceholders(joinPath(this.#address, path), this.#values);
  }
}

function splitHash(url: string): [string, string] {
  const at = url.indexOf("#");
  return at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at)];
}
