import type { ClientOptions } from "./client_options.ts";

/**
 * A registry that holds copies of another's content, and how it is reached. Nothing
 * that was given for the other registry, no credential and no header, is shown to it.
 */
export interface MirrorOptions extends
  Pick<
    ClientOptions,
    | "transport"
    | "credentials"
    | "plainHttp"
    | "headers"
    | "allowedRealms"
    | "authScope"
    | "authSchemes"
  > {
  /** The mirror's `host[:port]`. */
  readonly registry: string;
  /**
   * What stands in front of the names of repositories there, such as `hub-proxy`.
   *
   * @default {nothing}
   */
  readonly prefix?: string | undefined;
  /**
   * Tell the mirror whose content is meant, by `?ns=`, as containerd does: for a
   * mirror of several registries.
   *
   * @default {false}
   */
  readonly namespace?: boolean | undefined;
}
