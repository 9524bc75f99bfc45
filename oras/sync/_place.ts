import { isTag, Reference } from "../../distribution/reference.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import { isDigest } from "../stores/_content.ts";

/** What regsync writes in front of the path of an image layout. */
export const LAYOUT_SCHEME = "ocidir://";

/** A place that content is copied from or to: a repository, or an image layout on disk. */
export interface Place {
  /** The repository; undefined for a layout. */
  readonly repository: Reference | undefined;
  /** The repository as `host/name`, or the path of the layout. */
  readonly path: string;
  /** The tag. */
  readonly tag: string | undefined;
  /** The tag or digest. */
  readonly target: string | undefined;
}

/**
 * Reads `host/name[:tag][@digest]` or `ocidir://path[:tag][@digest]`.
 *
 * @throws {InvalidReferenceError} It is malformed.
 */
export function parsePlace(text: string): Place {
  if (text.startsWith(LAYOUT_SCHEME)) return parseLayout(text);
  const repository = Reference.parse(text);
  const { name, tag, target } = repository;
  return { repository, path: name, tag, target };
}

/** The same place with a tag. */
export function withTag({ path, repository }: Place, tag: string): Place {
  return { repository: repository?.withTag(tag), path, tag, target: tag };
}

/** The place as configurations write it. */
export function showPlace({ path, repository, target }: Place): string {
  if (repository !== undefined) return String(repository);
  if (target === undefined) return LAYOUT_SCHEME + path;
  return `${LAYOUT_SCHEME}${path}${isDigest(target) ? "@" : ":"}${target}`;
}

function parseLayout(text: string): Place {
  let path = text.slice(LAYOUT_SCHEME.length);
  let digest: string | undefined;
  let tag: string | undefined;
  const at = path.lastIndexOf("@");
  if (at >= 0 && isDigest(path.slice(at + 1))) {
    digest = path.slice(at + 1);
    path = path.slice(0, at);
  }
  const colon = path.lastIndexOf(":");
  // A colon behind which a path goes on is part of the path, as in `C:\layout`.
  if (colon >= 0 && !/[/\\]/.test(path.slice(colon))) {
    tag = path.slice(colon + 1);
    path = path.slice(0, colon);
    if (!isTag(tag)) {
      throw new InvalidReferenceError(
        "REFERENCE_TAG_INVALID",
        text,
        `${JSON.stringify(tag)} is no tag`,
      );
    }
  }
  if (path === "") {
    throw new InvalidReferenceError(
      "REFERENCE_INVALID_FORMAT",
      text,
      "the path of the image layout is missing",
    );
  }
  path = plainPath(path);
  return { repository: undefined, path, tag, target: digest ?? tag };
}

/** A path in one spelling of the many that it has, so that one layout is known as one. */
function plainPath(path: string): string {
  const plain = path.replace(/(?<=^|\/)(?:\.(?:\/+|$))+/g, "")
    .replace(/(?<!^)\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
  return plain === "" ? "." : plain;
}
