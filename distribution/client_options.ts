import type { Capabilities } from "./capabilities.ts";
import type { AuthScheme } from "./auth/authorize.ts";
import type { CredentialStore } from "./credential.ts";
import type { ClientEventHook } from "./events.ts";
import type { LimitOptions } from "./limit.ts";
import type { MirrorOptions } from "./mirror_options.ts";
import type { RetryOptions } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** How a client reaches its registry, and as whom. */
export interface ClientOptions {
  /**
   * The base that sends requests. Retry, redirects and authentication are wrapped around it.
   *
   * @default {defaultTransport()}
   */
  readonly transport?: Transport | undefined;
  /**
   * Where credentials come from.
   *
   * @default {none: anonymous}
   */
  readonly credentials?: CredentialStore | undefined;
  /**
   * Speak HTTP without TLS. Credentials then cross the network in the clear.
   *
   * @default {false}
   */
  readonly plainHttp?: boolean | undefined;
  /** Headers to send with every request to the registry, and to nowhere else. */
  readonly headers?: HeadersInit | undefined;
  /**
   * What to call the client.
   *
   * @default {"gantry/" and the version}
   */
  readonly userAgent?: string | undefined;
  /** How to retry. */
  readonly retry?: RetryOptions | undefined;
  /**
   * How many requests may be under way and begin, to the registry and to each other
   * host that it leads to; see {@linkcode limit}.
   *
   * @default {no limits}
   */
  readonly limit?: LimitOptions | undefined;
  /**
   * How long a connection may show no sign of life, in milliseconds; see
   * {@linkcode guardStalls}. A stalled request is retried.
   *
   * @default {120_000}
   */
  readonly stallTimeout?: number | undefined;
  /**
   * How long one request may take in all, in milliseconds: its retries, their pauses
   * and the reading of its answer included; see {@linkcode limitTime}. Work of several
   * requests, such as a push, is limited by its `signal`.
   *
   * @default {Infinity}
   */
  readonly timeout?: number | undefined;
  /**
   * The hosts, `host[:port]`, whose token endpoints may be shown a secret.
   *
   * @default {all that the realm rule admits}
   */
  readonly allowedRealms?: readonly string[] | undefined;
  /**
   * The scope to ask tokens for, such as `repository:team/app:pull,push`, whatever an
   * operation needs and a challenge names: for registries that name the wrong one.
   *
   * @default {what the operation needs and the challenge names}
   */
  readonly authScope?: string | undefined;
  /**
   * The challenges that are answered, the preferred one first. With `["basic"]` no
   * token is ever asked for.
   *
   * @default {["bearer", "basic"]}
   */
  readonly authSchemes?: readonly AuthScheme[] | undefined;
  /**
   * Upload blobs in parts of this many bytes, in place of one body; for proxies and
   * registries that take no large bodies. A push can say otherwise for itself.
   *
   * @default {one body, as far as transport and registry take it}
   */
  readonly chunkSize?: number | undefined;
  /**
   * What is known of the registry before it is asked.
   *
   * @default {nothing}
   */
  readonly capabilities?: Readonly<Capabilities> | undefined;
  /**
   * Registries that hold copies of this one's content: `host[:port]`, or how such a one
   * is reached. When manifests and blobs are read, they are asked first, in this order
   * and once each; where none has the content, the registry itself is. What a tag
   * points at is then a mirror's word; a digest is verified whoever answers. A mirror
   * that cannot be reached is left alone for 30 seconds.
   *
   * @default {none}
   */
  readonly mirrors?: readonly (string | MirrorOptions)[] | undefined;
  /** Told of retries, redirects, token requests, token services on other hosts, mirrors, and warnings. */
  readonly onEvent?: ClientEventHook | undefined;
}
