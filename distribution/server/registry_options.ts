import type { Authenticate } from "./basic_auth.ts";
import type { BearerTokens } from "./bearer_tokens.ts";
import type { CorsOptions } from "./cors.ts";
import type { ServerEventHook } from "./events.ts";
import type { Action, Permit } from "./permissions.ts";
import type { RateLimit } from "./rate_limit.ts";
import type { RegistryStorage } from "./storage.ts";

/** What can be deleted: a tag alone, a manifest with its tags, or a blob. */
export type Deletable = "tag" | "manifest" | "blob";

/** Options of {@linkcode createRegistry}. */
export interface RegistryServerOptions {
  /**
   * Where the content is kept.
   *
   * @default {memoryStorage()}
   */
  readonly storage?: RegistryStorage | undefined;

  /**
   * Checks names and passwords (HTTP Basic); without it, and without `tokens`,
   * everybody is let in. `htpasswd` makes one from a file's text.
   */
  readonly authenticate?: Authenticate | undefined;
  /**
   * Takes Bearer tokens: those that `issueTokens` hands out at `/auth/token` to whom
   * `authenticate` knows, or those of a service elsewhere, with `acceptTokens`.
   */
  readonly tokens?: BearerTokens | undefined;
  /**
   * What anybody may do, without credentials.
   *
   * @default {nothing where the registry has users, else everything}
   */
  readonly anonymous?: readonly Action[] | undefined;
  /**
   * What somebody may do in a repository, beside what `anonymous` allows;
   * `permissions` makes it of rules. Without it users may do everything.
   */
  readonly permit?: Permit | undefined;

  /**
   * Refuse everything that would change content.
   *
   * @default {false}
   */
  readonly readOnly?: boolean | undefined;
  /**
   * What can be deleted; the rest is answered with 405.
   *
   * @default {["tag", "manifest", "blob"]}
   */
  readonly deletable?: readonly Deletable[] | undefined;
  /**
   * The tags that stay at what they first pointed at: all, none, or those that a
   * pattern names, such as `v*`. They can be deleted like others.
   *
   * @default {false}
   */
  readonly immutableTags?: boolean | readonly string[] | undefined;

  /**
   * The largest manifest accepted, in bytes; a larger one is answered with 413.
   *
   * @default {4194304}
   */
  readonly maxManifestSize?: number | undefined;
  /** The media types of manifests that are accepted; others are answered with 415. Without it all are. */
  readonly manifestTypes?: readonly string[] | undefined;
  /** The `Content-Type`s that a blob can be sent with; others are answered with 415. Without it all are. */
  readonly blobTypes?: readonly string[] | undefined;
  /**
   * Whether a manifest may name content that the repository has not.
   *
   * @default {"accept"}
   */
  readonly sparse?: "accept" | "refuse" | undefined;
  /**
   * Whether Docker's schema 1 manifests are taken. They are kept as they are; a
   * signed one is addressed by the digest of what was signed.
   *
   * @default {"refuse"}
   */
  readonly schema1?: "accept" | "refuse" | undefined;

  /**
   * How long an unfinished upload is kept after its last write, in milliseconds.
   *
   * @default {86400000}
   */
  readonly uploadExpiry?: number | undefined;
  /**
   * How many uploads can be unfinished at once; one more is answered with 429.
   *
   * @default {10000}
   */
  readonly maxUploads?: number | undefined;
  /**
   * How long a request's body may stand still, in milliseconds, until it is answered
   * with 408.
   *
   * @default {60000}
   */
  readonly bodyTimeout?: number | undefined;
  /** How many requests one client may make; one more is answered with 429. Without it any number. */
  readonly rateLimit?: RateLimit | undefined;

  /**
   * The URL under which clients reach the registry, such as
   * `https://registry.example/sub`. Without it they are pointed to paths.
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
  /** Which web pages may use the registry from a browser; none without it. */
  readonly cors?: CorsOptions | undefined;

  /** Takes what the registry tells of its work. It is called often, and must be quick. */
  readonly onEvent?: ServerEventHook | undefined;
}
