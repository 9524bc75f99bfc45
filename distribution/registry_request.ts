import type { SignalOptions } from "./signal_options.ts";
import type { Source } from "./source.ts";

/** One request to a registry, for `RegistryClient.send()`. */
export interface RegistryRequest extends SignalOptions {
  /** The HTTP method, in capitals. */
  readonly method: string;
  /** The path below the registry's origin, such as `v2/`, or a whole URL that the registry gave. */
  readonly url: string | URL;
  /**
   * What could not be done if this fails, such as `Cannot push blob sha256:…`: the
   * beginning of the error's message.
   *
   * @default {method and URL}
   */
  readonly action?: string | undefined;
  /**
   * The statuses that are success; for all others an error is thrown.
   *
   * @default {all: the response is given back whatever it says}
   */
  readonly expect?: readonly number[] | undefined;
  /** Headers beside those that every request carries. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The body. */
  readonly body?: Uint8Array<ArrayBuffer> | Source | undefined;
  /** The token scopes that are needed, such as `repository:team/app:pull`. */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Whether the response's body may be large.
   *
   * @default {false}
   */
  readonly large?: boolean | undefined;
  /**
   * Whether it can be sent twice and does no more than once. Where it cannot, it is sent
   * again only where the registry cannot have acted on it.
   *
   * @default {what RFC 9110 §9.2.2 says of the method: all but POST and PATCH}
   */
  readonly idempotent?: boolean | undefined;
  /**
   * Whether the client's mirrors are asked first: for content that is read.
   *
   * @default {false}
   */
  readonly mirrored?: boolean | undefined;
  /**
   * Whether to send it again after a fault that passes.
   *
   * @default {true}
   */
  readonly retry?: boolean | undefined;
}
