import type { BlobPlaces } from "./_blob_places.ts";
import type { ContentServerEvent } from "./events.ts";
import type { Visitor } from "./gate.ts";
import type { Deletable } from "./registry_options.ts";
import type { RegistryStorage } from "./storage.ts";
import type { UploadSessions } from "./upload_sessions.ts";

/** What the operator has decided, with the defaults filled in. */
export interface ServerSettings {
  /** The largest manifest, in bytes. */
  readonly maxManifestSize: number;
  /** The media types of manifests, where not all are accepted. */
  readonly manifestTypes: ReadonlySet<string> | undefined;
  /** The content types of blobs, where not all are accepted. */
  readonly blobTypes: ReadonlySet<string> | undefined;
  /** Whether a manifest may name content that the repository has not. */
  readonly sparse: "accept" | "refuse";
  /** Whether Docker's schema 1 is accepted. */
  readonly schema1: "accept" | "refuse";
  /** What can be deleted. */
  readonly deletable: ReadonlySet<Deletable>;
  /** Tells the tags that may not be moved, where there are any. */
  readonly isImmutable: ((tag: string) => boolean) | undefined;
  /** How long a body may stand still, in milliseconds. */
  readonly bodyTimeout: number;
}

/** One request on its way through the registry. */
export interface Exchange {
  /** The request. */
  readonly request: Request;
  /** The parameters in the URL. */
  readonly query: URLSearchParams;
  /** Who asks. */
  readonly visitor: Visitor;
  /** Where the content is. */
  readonly storage: RegistryStorage;
  /** The uploads that this process knows of. */
  readonly sessions: UploadSessions;
  /** Where this process has seen blobs. */
  readonly places: BlobPlaces;
  /** What the operator has decided. */
  readonly settings: ServerSettings;
  /** The URL of a path such as `/v2/…`, as the client can reach it. */
  url(path: string): string;
  /** Tells the operator what happened to content. */
  note(
    type: ContentServerEvent["type"],
    kind: ContentServerEvent["kind"],
    repository: string,
    what: { readonly digest?: string; readonly tag?: string },
  ): void;
}
