import { OciError } from "../digest/oci_error.ts";
import { discard } from "./_discard.ts";
import { ConnectionError, RegistryError } from "./errors.ts";
import type { ClientEventHook } from "./events.ts";
import type { MirrorOptions } from "./mirror_options.ts";
import { isRepositoryName } from "./reference.ts";
import { InvalidReferenceError } from "./reference_error.ts";
import type { RegistryRequest } from "./registry_request.ts";

/** What a mirror is asked by. */
interface MirrorClient {
  readonly registry: string;
  send(request: RegistryRequest): Promise<Response>;
  close(): void;
}

/** A mirror, and how it names what it holds. */
interface Mirror {
  readonly client: MirrorClient;
  readonly prefix: string;
  readonly namespace: boolean;
  /** When it may be asked again, in milliseconds since the epoch. */
  restsUntil: number;
}

/** A mirror that cannot be reached is left alone for so long, in milliseconds, lest each request wait for it. */
const REST = 30_000;

/** The mirrors of a registry, which are asked in their order. */
export class Mirrors {
  readonly #registry: string;
  readonly #mirrors: readonly Mirror[];
  readonly #onEvent: ClientEventHook | undefined;
  readonly #clock: () => number;

  /**
   * Makes the clients; nothing is sent yet.
   *
   * @throws {InvalidReferenceError} The name of a mirror or a prefix is malformed.
   */
  constructor(
    registry: string,
    mirrors: readonly (string | MirrorOptions)[],
    options: {
      readonly onEvent: ClientEventHook | undefined;
      readonly clock?: (() => number) | undefined;
      readonly makeClient: (options: MirrorOptions) => MirrorClient;
    },
  ) {
    this.#registry = registry;
    this.#onEvent = options.onEvent;
    this.#clock = options.clock ?? Date.now;
    this.#mirrors = mirrors.map((mirror) => {
      const whole = typeof mirror === "string" ? { registry: mirror } : mirror;
      const { namespace = false, prefix = "" } = whole as MirrorOptions;
      if (prefix !== "" && !isRepositoryName(prefix)) {
        throw new InvalidReferenceError(
          "REFERENCE_INVALID_FORMAT",
          prefix,
          "it is no prefix of a repository's name",
        );
      }
      const client = options.makeClient(whole);
      return { client, prefix, namespace, restsUntil: -Infinity };
    });
  }

  /**
   * The first good answer of a mirror; undefined where none has what is asked for,
   * or none answers.
   */
  async send(request: RegistryRequest): Promise<Response | undefined> {
    for (const mirror of this.#mirrors) {
      if (this.#clock() < mirror.restsUntil) continue;
      try {
        const response = await mirror.client.send(
          ofMirror(request, mirror, this.#registry),
        );
        if (response.ok) return response;
        // A 416, say, which only the registry itself may say.
        await discard(response);
        this.#tell(mirror, { status: response.status });
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!(error instanceof OciError)) throw error;
        if (error instanceof ConnectionError) {
          mirror.restsUntil = this.#clock() + REST;
        }
        this.#tell(
          mirror,
          error instanceof RegistryError
            ? { status: error.status }
            : { code: error.code },
        );
      }
    }
    return undefined;
  }

  close(): void {
    for (const { client } of this.#mirrors) client.close();
  }

  #tell(
    { client }: Mirror,
    seen: { readonly status?: number; readonly code?: string },
  ): void {
    this.#onEvent?.({
      type: "mirror",
      registry: this.#registry,
      mirror: client.registry,
      ...seen,
    });
  }
}

/** The request as it is put to a mirror, which is asked once. */
function ofMirror(
  request: RegistryRequest,
  { namespace, prefix }: Mirror,
  registry: string,
): RegistryRequest {
  const inPlace = (text: string, start: string) =>
    prefix === "" || !text.startsWith(start)
      ? text
      : `${start}${prefix}/${text.slice(start.length)}`;
  const path = inPlace(String(request.url), "v2/");
  return {
    ...request,
    url: namespace ? `${path}?ns=${encodeURIComponent(registry)}` : path,
    scopes: request.scopes?.map((scope) => inPlace(scope, "repository:")),
    mirrored: false,
    retry: false,
  };
}
