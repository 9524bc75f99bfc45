import type { ContentServerEvent } from "./events.ts";
import type { RegistryStorage } from "./storage.ts";
import type { UploadSessions } from "./upload_sessions.ts";

/** What the operator has decided, with the defaults filled in. */
export interface ServerSettings {
  /** The largest manifest, in bytes. */
  readonly maxManifestSize: number;
  /** Whether a manifest may name content that the repository has not. */
  readonly sparse: "accept" | "refuse";
}

/** One request on its way through the registry. */
export interface Exchange {
  /** The request. */
  readonly request: Request;
  /** The parameters in the URL. */
  readonly query: URLSearchParams;
  /** Where the content is. */
  readonly storage: RegistryStorage;
  /** The uploads that this process knows of. */
  readonly sessions: UploadSessions;
  /** What the operator has decided. */
  readonly settings: ServerSettings;
  /** Tells the operator what happened to content. */
  note(
    type: ContentServerEvent["type"],
    kind: ContentServerEvent["kind"],
    repository: string,
    what: { readonly digest?: string; readonly tag?: string },
  ): void;
}
