import { errorCode } from "../../digest/_error_code.ts";
import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import { BlobPlaces } from "./_blob_places.ts";
import { Cors } from "./cors.ts";
import { dispatch } from "./dispatch.ts";
import type { ServerEventHook } from "./events.ts";
import type { Exchange, ServerSettings } from "./exchange.ts";
import { Gate, type Visitor } from "./gate.ts";
import { memoryStorage } from "./memory_storage.ts";
import { Outside, type RequestContext } from "./outside.ts";
import { RateLimiter } from "./rate_limit.ts";
import type { RegistryServerOptions } from "./registry_options.ts";
import {
  errorResponse,
  methodNotAllowed,
  RequestError,
} from "./request_error.ts";
import { route } from "./router.ts";
import type { RegistryStorage } from "./storage.ts";
import { immutability } from "./tag_rules.ts";
import { readTarget, type Target } from "./target.ts";
import { answerTokenRequest, TOKEN_PATH } from "./token_endpoint.ts";
import { UploadSessions } from "./upload_sessions.ts";

/** A registry that answers web requests. */
export interface RegistryServer extends AsyncDisposable {
  /**
   * Answers a request. It is bound, so that it can be passed on by itself:
   * `Deno.serve(registry.fetch)`. What the server knows of the connection is wanted
   * for limits by client; Deno passes it. It rejects only where `onEvent` throws.
   */
  readonly fetch: (
    request: Request,
    context?: RequestContext,
  ) => Promise<Response>;
  /** Lets go of what the storage holds open. There must be no requests afterwards. */
  close(): Promise<void>;
}

/**
 * Makes an OCI registry.
 *
 * It speaks the distribution specification: pull with ranges, push in every form,
 * mount, tags, deletion, referrers, and Docker's catalog. It opens no port, starts
 * no timer beyond a request, and reads no environment.
 *
 * @throws {TypeError} An option is not valid.
 * @throws {RangeError} A number among the options is out of range.
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
    fetch: (request, context) => server.fetch(request, context),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const DAY = 24 * 60 * 60 * 1000;
const SWEEP_INTERVAL = 60 * 1000;
const READING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

class Server {
  readonly #options: RegistryServerOptions;
  readonly #storage: RegistryStorage;
  readonly #gate: Gate;
  readonly #outside: Outside;
  readonly #limiter: RateLimiter | undefined;
  readonly #cors: Cors | undefined;
  readonly #onEvent: ServerEventHook;
  readonly #settings: ServerSettings;
  readonly #sessions: UploadSessions;
  readonly #places = new BlobPlaces();
  #lastSweep = 0;

  constructor(options: RegistryServerOptions) {
    this.#options = options;
    this.#storage = options.storage ?? memoryStorage();
    this.#gate = new Gate(options);
    this.#outside = new Outside(options);
    this.#limiter = options.rateLimit && new RateLimiter(options.rateLimit);
    this.#cors = options.cors && new Cors(options.cors);
    this.#onEvent = options.onEvent ?? (() => {});
    this.#sessions = new UploadSessions(options.maxUploads ?? 10_000);
    this.#settings = {
      maxManifestSize: options.maxManifestSize ?? MAX_MANIFEST_SIZE,
      manifestTypes: options.manifestTypes && new Set(options.manifestTypes),
      blobTypes: options.blobTypes && new Set(options.blobTypes),
      sparse: options.sparse ?? "accept",
      schema1: options.schema1 ?? "refuse",
      deletable: new Set(options.deletable ?? ["tag", "manifest", "blob"]),
      isImmutable: immutability(options.immutableTags ?? false),
      bodyTimeout: options.bodyTimeout ?? 60_000,
    };
  }

  async fetch(
    request: Request,
    context: RequestContext | undefined,
  ): Promise<Response> {
    const started = performance.now();
    const target = readTarget(request.url);
    const address = this.#outside.address(request, context);
    const { method } = request;
    let visitor: Visitor | undefined;
    let response: Response;
    try {
      this.#limiter?.count(address ?? "", started);
      const realm = () => this.#outside.absolute(request) + TOKEN_PATH;
      const path = this.#outside.inner(target.path);
      const early = this.#cors?.preflight(request) ??
        await this.#answerTokens(request, path, target);
      if (early === undefined) {
        visitor = await this.#gate.identify(request.headers, realm);
        response = await this.#answer(request, path, target, visitor);
      } else {
        response = early;
      }
    } catch (error) {
      response = this.#refusal(error, method, target.path);
      await discard(request.body);
    }
    if (method === "HEAD" && response.body !== null) {
      response = await withoutBody(response);
    }
    const { headers } = response;
    headers.set("docker-distribution-api-version", "registry/2.0");
    // Content is sent as it is stored: a server that compresses on the way would
    // change its length, and Deno's does unless it is told not to.
    headers.append("cache-control", "no-transform");
    this.#cors?.mark(request, headers);
    this.#onEvent({
      type: "request",
      method,
      path: target.path,
      status: response.status,
      duration: performance.now() - started,
      address,
      user: visitor?.user?.name,
    });
    return response;
  }

  async close(): Promise<void> {
    await this.#storage.close?.();
  }

  async #answer(
    request: Request,
    path: string,
    { query }: Target,
    visitor: Visitor,
  ): Promise<Response> {
    const destination = route(path);
    // One guard in front of every method that changes something.
    if (this.#options.readOnly && !READING.has(request.method)) {
      throw methodNotAllowed("The registry is read-only", [...READING]);
    }
    if (request.method === "POST") await this.#sweep();
    const exchange: Exchange = {
      request,
      query,
      visitor,
      storage: this.#storage,
      sessions: this.#sessions,
      places: this.#places,
      settings: this.#settings,
      url: (path) => this.#outside.prefix(request) + path,
      note: (type, kind, repository, what) =>
        this.#onEvent({
          type,
          kind,
          repository,
          ...what,
          user: visitor.user?.name,
        }),
    };
    return await dispatch(exchange, destination);
  }

  /** Answers at the registry's own token endpoint, where it has one. */
  async #answerTokens(
    request: Request,
    path: string,
    { query }: Target,
  ): Promise<Response | undefined> {
    const { tokens, authenticate } = this.#options;
    const isEndpoint = path === TOKEN_PATH || path === `${TOKEN_PATH}/`;
    if (!isEndpoint || tokens?.issue === undefined) return undefined;
    return await answerTokenRequest(request, query, {
      tokens,
      authenticate,
      gate: this.#gate,
    });
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
      isFull(error)
        ? new RequestError(507, "UNKNOWN", "The registry has no space left")
        : new RequestError(500, "UNKNOWN", "The registry failed to answer"),
    );
  }

  /** Drops old uploads now and then, when a new one begins: a timer would keep the process alive. */
  async #sweep(): Promise<void> {
    const now = Date.now();
    const expiry = this.#options.uploadExpiry ?? DAY;
    if (now - this.#lastSweep < Math.min(SWEEP_INTERVAL, expiry)) return;
    this.#lastSweep = now;
    this.#sessions.expire(now - expiry);
    await this.#storage.expireUploads(now - expiry);
  }
}

/** Whether a storage on a disk has no more room: to send all of it again at once would not help. */
function isFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** The answer to `HEAD`: with the length that the answer to `GET` has (RFC 9110 §9.3.2). */
async function withoutBody(response: Response): Promise<Response> {
  const { byteLength } = await response.arrayBuffer();
  const headers = new Headers(response.headers);
  headers.set("content-length", String(byteLength));
  return new Response(null, { status: response.status, headers });
}

/** Lets go of a body that nobody will read. */
async function discard(
  body: ReadableStream<Uint8Array> | null,
): Promise<void> {
  if (body === null || body.locked) return;
  await body.cancel().catch(() => {});
}
