import { OciError, type OciErrorOptions } from "../digest/oci_error.ts";

/** What is wrong with a path. */
export type PathErrorCode =
  | "PATH_ABSOLUTE"
  | "PATH_CHANGED"
  | "PATH_DENIED"
  | "PATH_DUPLICATE"
  | "PATH_EXISTS"
  | "PATH_INVALID"
  | "PATH_NO_SPACE"
  | "PATH_NOT_FOUND"
  | "PATH_TRAVERSAL";

/**
 * A file cannot be read or written under the path that it has or is given.
 *
 * @example
 * ```ts
 * import { PathError, Registry } from "@gantry/oci/oras";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const registry = new Registry();
 * const error = await assertRejects(
 *   () => registry.push("registry.example/app", { files: ["no-such-file"] }),
 *   PathError,
 * );
 * assertEquals(error.code, "PATH_NOT_FOUND");
 * ```
 */
export class PathError extends OciError {
  /** The class's name. */
  override readonly name = "PathError";
  /** What is wrong, for programs. */
  declare readonly code: PathErrorCode;
  /** The path or title. */
  readonly path: string;

  /** Makes an error about one path. */
  constructor(
    code: PathErrorCode,
    message: string,
    path: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
    this.path = path;
  }
}

/** What is wrong with what an artifact is to be made of. */
export type ArtifactErrorCode =
  | "ANNOTATIONS_INVALID"
  | "ARTIFACT_UNSUPPORTED"
  | "MANIFEST_NOT_LISTED"
  | "PLATFORM_NOT_FOUND";

/**
 * An artifact cannot be made, or taken apart, as it was asked for.
 *
 * @example
 * ```ts
 * import { ArtifactError, Registry } from "@gantry/oci/oras";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const registry = new Registry();
 * const annotations = { "org.opencontainers.image.created": "yesterday" };
 * const error = await assertRejects(
 *   () => registry.push("registry.example/app", { annotations }),
 *   ArtifactError,
 * );
 * assertEquals(error.code, "ANNOTATIONS_INVALID");
 * ```
 */
export class ArtifactError extends OciError {
  /** The class's name. */
  override readonly name = "ArtifactError";
  /** What is wrong, for programs. */
  declare readonly code: ArtifactErrorCode;

  /** Makes an error about an artifact. */
  constructor(
    code: ArtifactErrorCode,
    message: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
  }
}
