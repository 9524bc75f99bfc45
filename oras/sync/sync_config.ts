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
   * Ranges of versions in npm's syntax, such as `>=1.2 <2`. Where given, only tags are
   * taken that are versions within one of them, see {@linkcode selectTags}.
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
  /** Certificates that its own is accepted by, besides those of the system; in PEM form. */
  readonly regcert?: string | undefined;
  /** A certificate to show to the registry, in PEM form. */
  readonly clientCert?: string | undefined;
  /** The key of that certificate, in PEM form. */
  readonly clientKey?: string | undefined;
  /**
   * How many requests may be under way at once.
   *
   * @default {Infinity}
   */
  readonly reqConcurrent?: number | undefined;
  /**
   * How many requests may begin in a second.
   *
   * @default {Infinity}
   */
  readonly reqPerSec?: number | undefined;
}

/** How content is copied, as an entry or the defaults of all entries say. */
export interface SyncDefaults {
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
  /**
   * Believe that what belongs to content is there where the content is: signatures and
   * tags that came later are then not seen.
   *
   * @default {false}
   */
  readonly fastCheck?: boolean | undefined;
  /**
   * A tag, or a whole reference, that keeps what a tag pointed at before it is moved.
   * Where it holds `{{`, it is a template; see {@linkcode SyncOptions.expandBackup}.
   */
  readonly backup?: string | undefined;
}

/** Something to keep in step. */
export interface SyncEntry extends SyncDefaults {
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
  /** Which tags of a repository are taken; all where neither this nor `tagSets` is given. */
  readonly tags?: TagRules | undefined;
  /** Which tags are taken besides those of `tags`: all that one of the rules lets through. */
  readonly tagSets?: readonly TagRules[] | undefined;
  /** Which repositories of a registry are taken; all where not given. */
  readonly repos?: NameRules | undefined;
}

/** A field that has no effect. */
export interface IgnoredField {
  /** Where it stands, as a path from `$`. */
  readonly path: string;
  /** Why it has none. */
  readonly reason: string;
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
  /** Fields that are regsync's and have no effect here. */
  readonly ignored: readonly IgnoredField[];
}
