/** Which names of a list are taken: all that are allowed and not denied. */
export interface NameRules {
  /** Regular expressions, of which one must match the whole name; all names where not given. */
  readonly allow?: readonly string[] | undefined;
  /** Regular expressions, of which none may match the whole name. */
  readonly deny?: readonly string[] | undefined;
}

/** Which tags are taken. */
export interface TagRules extends NameRules {
  /**
   * Ranges of versions, such as `>=1.2 <2`. Where given, tags that are versions within
   * one of them are taken beside those that `allow` names; a `v` may stand in front.
   */
  readonly semverRange?: readonly string[] | undefined;
}

/** How one registry is reached. */
export interface SyncRegistry {
  /** The registry's `host[:port]`. */
  readonly registry: string;
  /** The name of the user. */
  readonly user?: string | undefined;
  /** The password. */
  readonly pass?: string | undefined;
  /**
   * `enabled` demands a valid certificate, `insecure` accepts any, `disabled` speaks
   * plain HTTP.
   *
   * @default {"enabled"}
   */
  readonly tls?: "enabled" | "insecure" | "disabled" | undefined;
}

/** How content is copied. */
export interface SyncOptions {
  /** The only platform to copy of an index; all where not given. */
  readonly platform?: string | undefined;
  /**
   * Copy what refers to the content too: signatures, attestations.
   *
   * @default {false}
   */
  readonly referrers?: boolean | undefined;
  /**
   * Copy tags that are made of the content's digest too, as cosign makes them.
   *
   * @default {false}
   */
  readonly digestTags?: boolean | undefined;
  /**
   * Copy layers that must not be distributed too.
   *
   * @default {false}
   */
  readonly includeExternal?: boolean | undefined;
  /**
   * Look at everything below content that is there already, and mend what is missing.
   *
   * @default {false}
   */
  readonly forceRecursive?: boolean | undefined;
  /** A tag, or a whole reference, that keeps what a tag pointed at before it is moved. */
  readonly backup?: string | undefined;
}

/** Something to keep in step. */
export interface SyncEntry extends SyncOptions {
  /**
   * What is copied: an image's reference, a repository, or a registry, as `type` says.
   * An image layout on disk is `ocidir://path`, with `:tag` or `@digest` behind it for
   * an image.
   */
  readonly source: string;
  /** Where it is copied to, of the same kind. */
  readonly target: string;
  /** `image`: one reference; `repository`: its tags; `registry`: its repositories and their tags. */
  readonly type: "image" | "repository" | "registry";
  /** Which tags of a repository are taken; all where not given. */
  readonly tags?: TagRules | undefined;
  /** Which repositories of a registry are taken; all where not given. */
  readonly repos?: NameRules | undefined;
}

/** What is to be kept in step. The vocabulary is that of regsync, as far as it applies. */
export interface SyncConfig {
  /** The version of the vocabulary. */
  readonly version: 1;
  /** How registries are reached, where the defaults do not do. */
  readonly creds: readonly SyncRegistry[];
  /** How many copies run at once. */
  readonly parallel: number;
  /** What is kept in step, with the defaults filled in. */
  readonly sync: readonly SyncEntry[];
  /** Fields that are regsync's and have no effect here, as paths. */
  readonly ignored: readonly string[];
}
