import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { ClientOptions } from "../../distribution/client_options.ts";
import type { RegistryClient } from "../../distribution/registry_client.ts";
import type { SyncResult } from "./sync_result.ts";

/** What a `backup` that is a template is expanded with; the names are those of regsync. */
export interface BackupData {
  /** What is about to be moved: the tag of the target. */
  readonly Ref: {
    /** All of it, as `host/name:tag`. */
    readonly Reference: string;
    /** The host; empty for a layout. */
    readonly Registry: string;
    /** The repository; empty for a layout. */
    readonly Repository: string;
    /** The tag. */
    readonly Tag: string;
  };
  /** The entry, as the configuration has it. */
  readonly Sync: {
    /** Its `source`. */
    readonly Source: string;
    /** Its `target`. */
    readonly Target: string;
    /** Its `type`. */
    readonly Type: string;
    /** Its `backup`, not expanded. */
    readonly Backup: string;
  };
}

/** How {@linkcode sync} works. */
export interface SyncOptions extends SignalOptions {
  /**
   * Makes the client of a registry, once for each. Closing them is the maker's part.
   *
   * @default {a RegistryClient with what the configuration says of the registry}
   */
  readonly makeClient?:
    | ((
      registry: string,
      options: ClientOptions,
    ) => RegistryClient | Promise<RegistryClient>)
    | undefined;
  /**
   * Find out what would be copied, and copy nothing.
   *
   * @default {false}
   */
  readonly dryRun?: boolean | undefined;
  /**
   * Copy only tags that the target has not, and leave others where they point.
   *
   * @default {false}
   */
  readonly missing?: boolean | undefined;
  /**
   * Expands a `backup` that is a template, each time before a tag is moved.
   *
   * @default {a template is refused}
   */
  readonly expandBackup?:
    | ((template: string, data: BackupData) => string)
    | undefined;
  /** Told of each result as it is known. */
  readonly onResult?: ((result: SyncResult) => void) | undefined;
}
