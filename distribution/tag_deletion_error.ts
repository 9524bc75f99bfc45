import { OciError, type OciErrorOptions } from "../digest/oci_error.ts";

/** How the deletion of a tag by way of a placeholder ended. */
export type TagDeletionErrorCode =
  /** The registry did not move the tag: it points at what it pointed at. */
  | "TAG_KEPT"
  /** The registry did not delete the placeholder: the tag was moved back. */
  | "TAG_RESTORED"
  /** Somebody else moved the tag meanwhile: it points at what they pushed. */
  | "TAG_MOVED"
  /** The tag points at the placeholder, or may do so, and could not be moved back. */
  | "TAG_REPLACED";

/** Where things stand. */
export interface TagDeletionErrorOptions extends OciErrorOptions {
  /** The repository's name, without the registry. */
  readonly repository: string;
  /** The tag. */
  readonly tag: string;
  /** The digest of what the tag pointed at. */
  readonly digest: string;
  /** The digest of the placeholder. */
  readonly placeholder: string;
}

/**
 * A tag could not be deleted, in a registry that deletes manifests but no tags; see
 * {@linkcode Tags.delete}. `code` says where the tag points now.
 *
 * @example
 * ```ts
 * import { TagDeletionError } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new TagDeletionError(
 *   "TAG_RESTORED",
 *   "the registry does not delete its placeholder, so that it was moved back",
 *   { repository: "app", tag: "v1", digest: "sha256:aa", placeholder: "sha256:bb" },
 * );
 * assertEquals(
 *   error.message,
 *   "Cannot delete tag v1 from app: the registry does not delete its placeholder, " +
 *     "so that it was moved back",
 * );
 * ```
 */
export class TagDeletionError extends OciError {
  /** The class's name. */
  override readonly name = "TagDeletionError";
  /** The code, for programs. */
  declare readonly code: TagDeletionErrorCode;
  /** The repository's name, without the registry. */
  readonly repository: string;
  /** The tag. */
  readonly tag: string;
  /** The digest of what the tag pointed at. */
  readonly digest: string;
  /** The digest of the placeholder, which may be left in the repository without a tag. */
  readonly placeholder: string;

  /** Makes an error of a code and what was seen. */
  constructor(
    code: TagDeletionErrorCode,
    reason: string,
    options: TagDeletionErrorOptions,
  ) {
    const { digest, placeholder, repository, tag } = options;
    super(
      code,
      `Cannot delete tag ${tag} from ${repository}: ${reason}`,
      options,
    );
    this.repository = repository;
    this.tag = tag;
    this.digest = digest;
    this.placeholder = placeholder;
  }
}
