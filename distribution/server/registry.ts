import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import {
  type Authenticate,
  requireUser,
  type ServerUser,
} from "./basic_auth.ts";
import { dispatch } from "./dispatch.ts";
import type { ServerEvent } from "./events.ts";
import type { Exchange, ServerSettings } from "./exchange.ts";
import { memoryStorage } from "./memory_storage.ts";
import {
  errorResponse,
  methodNotAllowed,
  RequestError,
} from "./request_error.ts";
import { route } from "./router.ts";
import type { RegistryStorage } from "./storage.ts";
import { UploadSessions } from "./upload_sessions.ts";

/** Options of {@linkcode createRegistry}. */
export interface RegistryServerOptions {
  /**
   * Where the content is kept.
   *
   * @default {memoryStorage()}
   */
  readonly storage?: RegistryStorage;
  /**
   * Refuse everything that would change content.
   *
   * @default {false}
   */
  readonly readOnly?: boolean;
  /**
   * Checks who asks; without it everybody is let in. `htpasswd` makes one from a file's text.
   */
  readonly authenticate?: Authenticate;
  /** Takes what the registry tells of its work. It is called often, and must be quick. */
  readonly onEvent?: (event: ServerEvent) => void;
  /**
   * The largest manifest accepted, in bytes; a larger one is answered with 413.
   *
   * @default {4194304}
   */
  readonly maxManifestSize?: number;
  /**
   * How long an unfinished upload is kept after its last write, in milliseconds.
   *
   * @default {86400000}
   */
  readonly uploadExpiry?: number;
  /**
   * Whether a manifest may name content that the repository has not.
   *
   * @default {"accept"}
   */
  readonly sparse?: "accept" | "refuse";
}

/** A registry that answers web requests. */
export interface RegistryServer extends AsyncDisposable {
  /**
   * Answers a request. It is bound, so that it can be passed on by itself:
   * `Deno.serve(registry.fetch)`. It rejects only
   * where `onEvent` throws.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Lets go of what the storage holds open. There must be no requests afterwards. */
  close(): Promise<void>;
}

/**
 * Makes an OCI registry.
 *
 * It speaks the distribution specification: pull with ranges, push in every form,
 * mount, tags, deletion, referrers, and Docker's catalog. It opens no port, starts
 * no timer, and reads no environment.
 *
 * @example A registry inside a test
 * ```ts
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { Digest } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createRegistry();
 * const digest = await Digest.fromString("hello");
 * const pushed = await registry.fetch(
 *   new Request(`http://localhost/v2/app/blobs/uploads/?digest=${digest}`, { method: "POST", body: "hello" }),
 * );
 * assertEquals(pushed.status, 201);
 *
 * const pulled = await registry.fetch(new Request(`http://localhost/v2/app/blobs/${digest}`));
 * assertEquals(await pulled.text(), "hello");
 * ```
 */
export function createRegistry(
  options: RegistryServerOptions = {},
): RegistryServer {
  const server = new Server(options);
  return {
    fetch: (request) => server.fetch(request),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const DAY = 24 * 60 * 60 * 1000;
const SWEEP_INTERVAL = 60 * 1000;
const READING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

class Server {
  readonly #storage: RegistryStorage;
  readonly #readOnly: boolean;
  readonly #authenticate: Authenticate | undefined;
  readonly #onEvent: (event: ServerEvent) => void;
  readonly #uploadExpiry: number;
  readonly #settings: ServerSettings;
  readonly #sessions = new UploadSessions();
  #lastSweep = 0;

  constructor(options: RegistryServerOptions) {
    this.#storage = options.storage ?? memoryStorage();
    this.#readOnly = options.readOnly ?? false;
    this.#authenticate = options.authenticate;
    this.#onEvent = options.onEvent ?? (() => {});
    this.#uploadExpiry = options.uploadExpiry ?? DAY;
    this.#settings = {
      maxManifestSize: options.maxManifestSize ?? MAX_MANIFEST_SIZE,
      sparse: options.sparse ?? "accept",
    };
  }

  async fetch(request: Request): Promise<Response> {
    const started = performance.now();
    const { path, query } = target(request.url);
    const { method } = request;
    let user: ServerUser | undefined;
    let response: Response;
    try {
      user = this.#authenticate &&
        await requireUser(request.headers, this.#authenticate);
      response = await this.#answer(request, path, query, user);
    } catch (error) {
      response = this.#refusal(error, method, path);
      await discard(request.body);
    }
    if (method === "HEAD" && response.body !== null) {
      response = new Response(null, response);
    }
    response.headers.set("docker-distribution-api-version", "registry/2.0");
    // Content is sent as it is stored: a server that compresses on the way would
    // change its length, and Deno's does unless it is told not to.
    response.headers.set("cache-control", "no-transform");
    this.#onEvent({
      type: "request",
      method,
      path,
      status: response.status,
      duration: performance.now() - started,
      user: user?.name,
    });
    return response;
  }

  async close(): Promise<void> {
    await this.#storage.close?.();
  }

  async #answer(
    request: Request,
    path: string,
    query: URLSearchParams,
    user: ServerUser | undefined,
  ): Promise<Response> {
    const destination = route(path);
    // One guard in front of every method that changes something.
    if (this.#readOnly && !READING.has(request.method)) {
      throw methodNotAllowed("The registry is read-only", [...READING]);
    }
    if (request.method === "POST") await this.#sweep();
    const exchange: Exchange = {
      request,
      query,
      storage: this.#storage,
      sessions: this.#sessions,
      settings: this.#settings,
      note: (type, kind, repository, what) =>
        this.#onEvent({ type, kind, repository, ...what, user: user?.name }),
    };
    return await dispatch(exchange, destination);
  }

  #refusal(error: unknown, method: string, path: string): Response {
    if (error instanceof RequestError) {
      if (error.status >= 500) {
        this.#onEvent({ type: "error", method, path, error });
      }
      return errorResponse(error);
    }
    // What went wrong inside is the operator's business, and may name paths.
    this.#onEvent({ type: "error", method, path, error });
    return errorResponse(
      new RequestError(500, "UNKNOWN", "The registry failed to answer"),
    );
  }

  /** Drops old uploads now and then, when a new one begins: a timer would keep the process alive. */
  async #sweep(): Promise<void> {
    const now = Date.now();
    const interval = Math.min(SWEEP_INTERVAL, this.#uploadExpiry);
    if (now - this.#lastSweep < interval) return;
    this.#lastSweep = now;
    await this.#storage.expireUploads(now - this.#uploadExpiry);
  }
}

/**
 * Splits a request's URL by hand: `new URL` would resolve dot segments, encoded
 * ones too, and so hide what was asked for.
 */
function target(url: string): { path: string; query: URLSearchParams } {
  const scheme = url.indexOf("://");
  const start = scheme < 0 ? 0 : url.indexOf("/", scheme + 3);
  const whole = start < 0 ? "/" : url.slice(start).split("#", 1)[0]!;
  const mark = whole.indexOf("?");
  return mark < 0 ? { path: whole, query: new URLSearchParams() } : {
    path: whole.slice(0, mark),
    query: new URLSearchParams(whole.slice(mark + 1)),
  };
}

/** Lets go of a body that nobody will read. */
async function discard(
  body: ReadableStream<Uint8Array> | null,
): Promise<void> {
  if (body === null || body.locked) return;
  await body.cancel().catch(() => {});
}
