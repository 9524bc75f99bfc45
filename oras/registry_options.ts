import type { WritableCredentialStore } from "../distribution/credential.ts";
import type { ProgressHook } from "../distribution/progress.ts";
import type { ClientOptions } from "../distribution/client_options.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import type { BaseTransportOptions } from "../distribution/transport_options.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { MediaType } from "../image/media_type.ts";
import type { Platform } from "../image/platform.ts";
import type { AuthBackend, AuthBackendName } from "./auth_backend.ts";

/** Which certificates are taken, and which one is shown. */
export interface TlsOptions extends
  Pick<
    BaseTransportOptions,
    "caCerts" | "clientCert" | "clientKey" | "insecure"
  > {}

/** How a {@linkcode Registry} is made. */
export interface RegistryOptions extends ClientOptions {
  /**
   * The registry of references that name none, as `host[:port]`.
   *
   * @default {"docker.io"}
   */
  readonly hostname?: string | undefined;
  /**
   * The tag of references that have neither tag nor digest; with "" such a push goes by
   * digest, and such a pull is refused.
   *
   * @default {"latest"}
   */
  readonly defaultTag?: string | undefined;
  /**
   * How TLS is spoken: `{ insecure: true }` verifies nothing, `{ caCerts }` trusts a private
   * authority. A `transport` of your own knows its own way, so it takes none of this.
   *
   * @default {the system's authorities are trusted}
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * How challenges are answered: by name, or a back end of your own.
   *
   * @default {"token"}
   */
  readonly authBackend?: AuthBackend | AuthBackendName | undefined;
  /**
   * How many pieces of content are moved at once, where a call does not say.
   *
   * @default {8 in a push, attach or pull, 6 in a copy}
   */
  readonly concurrency?: number | undefined;
}

/** What {@linkcode RegistryAccess.login} is told. */
export interface LoginOptions extends SignalOptions {
  /**
   * The registry, `host[:port]`.
   *
   * @default {the provider's own `hostname`, or "docker.io"}
   */
  readonly hostname?: string | undefined;
  /**
   * Where to keep the credential, such as docker's config.
   *
   * @default {nowhere: it lasts as long as the provider}
   */
  readonly store?: WritableCredentialStore | undefined;
}

/** What {@linkcode RegistryAccess.logout} is told. */
export interface LogoutOptions extends SignalOptions {
  /**
   * The registry, `host[:port]`.
   *
   * @default {the provider's own `hostname`, or "docker.io"}
   */
  readonly hostname?: string | undefined;
  /** Where to delete the credential, too. */
  readonly store?: WritableCredentialStore | undefined;
}

/** What {@linkcode BaseRegistry.getManifest} is told. */
export interface GetManifestOptions extends SignalOptions {
  /** The media types to ask for; all that are known where not given. */
  readonly accept?: readonly MediaType[] | undefined;
  /** The platform whose manifest is wanted where the reference leads to an index. */
  readonly platform?: Platform | undefined;
}

/** What {@linkcode BaseRegistry.uploadManifest} is told. */
export interface UploadManifestOptions extends SignalOptions {
  /**
   * The media type.
   *
   * @default {the manifest's own `mediaType`, or that of an OCI manifest or index}
   */
  readonly mediaType?: MediaType | undefined;
}

/** What {@linkcode BaseRegistry.uploadBlob} is told. */
export interface UploadBlobOptions extends SignalOptions {
  /** What the content is. Where not given, the content is read once more to find out. */
  readonly descriptor?: Descriptor | undefined;
  /**
   * The media type in the descriptor that is made.
   *
   * @default {"application/octet-stream"}
   */
  readonly mediaType?: MediaType | undefined;
  /** Takes the steps of the upload. */
  readonly onProgress?: ProgressHook | undefined;
}

/** What {@linkcode BaseRegistry.downloadBlob} is told. */
export interface DownloadBlobOptions extends SignalOptions {
  /** The file to write. It appears under this name when all of it has arrived and is verified. */
  readonly path: string;
  /**
   * Replace a file that exists.
   *
   * @default {true}
   */
  readonly overwrite?: boolean | undefined;
  /**
   * Keep what has arrived when the download is interrupted, and go on from there next time.
   *
   * It is kept of blobs of 1 MiB and more, in a file `.gantry-<digest>.part` beside
   * the one that it is for; only its name tells whose it is, and all of it is verified
   * again. Content that is not what it should be is never kept.
   *
   * @default {false}
   */
  readonly resume?: boolean | undefined;
  /** Takes the steps of the download. */
  readonly onProgress?: ProgressHook | undefined;
}

/** What {@linkcode BaseRegistry.getTags} is told. */
export interface GetTagsOptions extends SignalOptions {
  /**
   * The largest number of tags to give.
   *
   * @default {no limit}
   */
  readonly limit?: number | undefined;
}

/** A file on disk, where content is asked for. */
export interface FileContent {
  /** The file's path. */
  readonly path: string;
}
