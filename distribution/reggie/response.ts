import { MAX_METADATA_SIZE, readBounded, readJson } from "../_body.ts";
import { readErrors } from "../_error_body.ts";
import { inheritSecrets } from "../_secrets.ts";
import type { ErrorInfo } from "../errors.ts";
import { redactUrl } from "../redact.ts";

/** How to read a body into memory. */
export interface ReadBodyOptions {
  /**
   * The most bytes to read.
   *
   * @default {4_194_304}
   */
  readonly limit?: number | undefined;
}

/**
 * An answer of a registry, whatever its status.
 *
 * The body can be read once. One of up to 64 KiB whose length was told is in memory
 * already, and need not be read; any other must be read to its end or cancelled.
 *
 * @example
 * ```ts
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { Client } from "@gantry/oci/distribution/reggie";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const client = new Client("https://registry.example", {
 *   defaultName: "team/app",
 *   transport: fromHandler(createRegistry().fetch),
 * });
 * const response = await client.do(
 *   client.newRequest("GET", "/v2/<name>/manifests/<reference>", {
 *     reference: "v1",
 *   }),
 * );
 * const [error] = await response.errors();
 * assertEquals([response.status, error?.code], [404, "MANIFEST_UNKNOWN"]);
 * ```
 */
export class Response {
  readonly #head: globalThis.Response;
  readonly #content: globalThis.Response;

  /** Made by `Client.do()`. `held` is the body, where it was read already. */
  constructor(head: globalThis.Response, held?: Uint8Array<ArrayBuffer>) {
    this.#head = head;
    this.#content = head;
    if (held === undefined) return;
    this.#content = new globalThis.Response(held, { status: head.status });
    inheritSecrets(this.#content, head);
  }

  /** The status. */
  get status(): number {
    return this.#head.status;
  }

  /** Whether the status is one of success, 200 to 299. */
  get ok(): boolean {
    return this.#head.ok;
  }

  /** The headers. */
  get headers(): Headers {
    return this.#head.headers;
  }

  /** The URL that answered. It may carry a signature, so show it by `redactUrl` only. */
  get url(): string {
    return this.#head.url;
  }

  /** Whether the registry wants authorization, or another one (401). */
  get isUnauthorized(): boolean {
    return this.status === 401;
  }

  /** The body. Content is not checked here against any digest. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#content.body;
  }

  /** Whether the body was read. */
  get bodyUsed(): boolean {
    return this.#content.bodyUsed;
  }

  /**
   * The `Location` without scheme and host, and empty where there is none. It goes to
   * the client's own address, also where the registry calls itself by another name.
   */
  getRelativeLocation(): string {
    const url = this.#location();
    return url === null ? "" : `${url.pathname}${url.search}`;
  }

  /** The `Location` as a whole URL, and empty where there is none. */
  getAbsoluteLocation(): string {
    return this.#location()?.href ?? "";
  }

  /**
   * Reads the body as bytes.
   *
   * @throws {ProtocolError} `BODY_TOO_LARGE`: it is larger than the limit.
   * @throws {TypeError} It was read before.
   */
  async bytes(
    options: ReadBodyOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { limit = MAX_METADATA_SIZE } = options;
    return await readBounded(this.#unread(), limit, this.#action());
  }

  /**
   * Reads the body as UTF-8.
   *
   * @throws {ProtocolError} `BODY_TOO_LARGE`: it is larger than the limit.
   * @throws {TypeError} It was read before.
   */
  async text(options: ReadBodyOptions = {}): Promise<string> {
    return new TextDecoder().decode(await this.bytes(options));
  }

  /**
   * Reads the body as JSON, of whatever shape.
   *
   * @throws {ProtocolError} `BODY_INVALID`: it is no JSON; `BODY_TOO_LARGE`: it is larger than 4 MiB.
   * @throws {TypeError} It was read before.
   */
  // deno-lint-ignore no-explicit-any -- as the web's own json() does
  async json(): Promise<any> {
    return await readJson(this.#unread(), this.#action());
  }

  /**
   * Reads the problems in the body (distribution-spec §Error Codes), also of an answer
   * of success; none where it holds none. No more than 64 KiB are read.
   *
   * @throws {TypeError} The body was read before.
   */
  async errors(): Promise<ErrorInfo[]> {
    return await readErrors(this.#unread());
  }

  /** Lets the body go. It never fails. */
  async cancel(): Promise<void> {
    if (!this.bodyUsed) await this.body?.cancel().catch(() => {});
  }

  #location(): URL | null {
    const text = this.headers.get("location");
    return text === null ? null : URL.parse(text, this.url);
  }

  #unread(): globalThis.Response {
    if (!this.bodyUsed) return this.#content;
    throw new TypeError(`${this.#action()}: it was read before`);
  }

  #action(): string {
    return `Cannot read the body of ${redactUrl(this.url)}`;
  }
}
