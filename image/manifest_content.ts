import type { Algorithm } from "../digest/algorithm.ts";
import { Digest } from "../digest/digest.ts";
import { DigestMismatchError } from "../digest/errors.ts";
import { addressedBytes } from "./addressed_bytes.ts";
import { Checker, type Fields, isFields } from "./_checker.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Index, Manifest } from "./manifest.ts";
import { type MediaType, MediaTypes } from "./media_type.ts";
import { parseJson } from "./parse_json.ts";
import { checkIndex, checkManifest } from "./validate_manifest.ts";
import { type ParseOptions, ValidationError } from "./validation.ts";

/**
 * A manifest or an index as its bytes, with its descriptor and its parsed value.
 *
 * The bytes are the truth: they are what was signed and addressed, and what goes to
 * another registry. The value is there to be read.
 */
export interface ManifestContent<T = Manifest | Index> {
  /** The content's media type, digest and size. */
  readonly descriptor: Descriptor;
  /** The content, exactly as it came. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The content, parsed. */
  readonly value: T;
}

/** Options of {@linkcode parseManifest}. */
export interface ParseManifestOptions extends ParseOptions {
  /**
   * What the sender says that it is, such as a `Content-Type`; parameters and case
   * do not count. Types that name no kind of document, as `application/json`, are
   * taken as not given.
   */
  readonly mediaType?: string | undefined;
  /**
   * The largest content accepted, in bytes.
   *
   * @default {4194304}
   */
  readonly maxSize?: number | undefined;
}

/** Options of {@linkcode parseManifestContent}. */
export interface ParseManifestContentOptions extends ParseManifestOptions {
  /** The digest that the content must have; its algorithm is then the one used. */
  readonly digest?: string | undefined;
  /**
   * The algorithm of the digest, where none is expected.
   *
   * @default {"sha256"}
   */
  readonly algorithm?: Algorithm | undefined;
}

/**
 * Parses a manifest or an index, and checks it.
 *
 * The document's own `mediaType` and the one given must agree, and mixtures of
 * manifest and index are refused (CVE-2021-41190). A document whose media type
 * names another kind, such as Docker's schema 1, is judged by its structure, and
 * where it has that of neither, only its being an object is checked: then both
 * {@linkcode isManifest} and {@linkcode isIndex} say no.
 *
 * At level `wire`, `null` in place of an absent list or optional field is accepted,
 * because Go's encoder writes it, and the value has an empty list or no field there.
 *
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} The document is not valid; the error lists every problem.
 *
 * @example
 * ```ts
 * import { isIndex, parseManifest } from "@gantry/oci/image";
 * import { assert } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
 * assert(isIndex(parseManifest(bytes)));
 * ```
 */
export function parseManifest(
  bytes: Uint8Array,
  options: ParseManifestOptions = {},
): Manifest | Index {
  return parse(bytes, options).value;
}

/**
 * Parses a manifest or an index as {@linkcode parseManifest} does, and computes its
 * descriptor.
 *
 * The descriptor's media type is the document's own, else the one given, else the
 * specification's for its structure. The digest of what is given as a signed schema 1
 * manifest is the one of what was signed, as {@linkcode addressedBytes} tells.
 *
 * @throws {Schema1Error} A schema 1 manifest is not signed as it should be.
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} The document is not valid; the error lists every problem.
 * @throws {DigestMismatchError} The content has not the digest expected.
 * @throws {DigestError} The digest expected, or the algorithm, cannot be used.
 *
 * @example
 * ```ts
 * import { encodeJson, imageIndex, parseManifestContent } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeJson(imageIndex([]));
 * const content = await parseManifestContent(bytes);
 * assertEquals(content.descriptor.mediaType, "application/vnd.oci.image.index.v1+json");
 * assertEquals(content.descriptor.size, bytes.byteLength);
 * ```
 */
export async function parseManifestContent(
  bytes: Uint8Array<ArrayBuffer>,
  options: ParseManifestContentOptions = {},
): Promise<ManifestContent> {
  const expected = options.digest === undefined
    ? undefined
    : Digest.parse(options.digest);
  const algorithm = expected?.algorithm ?? options.algorithm ?? "sha256";
  const digest = await Digest.fromBytes(
    addressedBytes(bytes, essence(options.mediaType)),
    { algorithm },
  );
  if (expected !== undefined && !digest.equals(expected)) {
    throw new DigestMismatchError(String(expected), String(digest));
  }
  const { value, mediaType } = parse(bytes, options);
  return {
    descriptor: {
      mediaType,
      digest: String(digest),
      size: bytes.byteLength,
    },
    bytes,
    value,
  };
}

/**
 * Whether a parsed document is an index or a Docker manifest list.
 *
 * @example
 * ```ts
 * import { imageIndex, isIndex } from "@gantry/oci/image";
 * import { assert } from "@std/assert";
 *
 * assert(isIndex(imageIndex([])));
 * ```
 */
export function isIndex(value: unknown): value is Index {
  return isFields(value) && Array.isArray(value["manifests"]);
}

/**
 * Whether a parsed document is an image manifest, of OCI or of Docker's schema 2.
 *
 * @example
 * ```ts
 * import { artifactManifest, isManifest } from "@gantry/oci/image";
 * import { assert } from "@std/assert";
 *
 * assert(isManifest(artifactManifest({ artifactType: "application/vnd.example" })));
 * ```
 */
export function isManifest(value: unknown): value is Manifest {
  return isFields(value) && Array.isArray(value["layers"]) &&
    isFields(value["config"]);
}

/** A media type without its parameters, in lower case. */
function essence(mediaType: string | undefined): string | undefined {
  return mediaType?.replace(/;.*$/s, "").trim().toLowerCase() || undefined;
}

/** Types that servers send where they do not know better. */
const GENERIC: ReadonlySet<string | undefined> = new Set([
  "application/json",
  MediaTypes.octetStream,
  "text/plain",
]);

type Kind = "manifest" | "index" | "other";

const KINDS: ReadonlyMap<string | undefined, Kind> = new Map([
  [MediaTypes.manifest, "manifest"],
  [MediaTypes.dockerManifest, "manifest"],
  [MediaTypes.index, "index"],
  [MediaTypes.dockerManifestList, "index"],
]);

function parse(
  bytes: Uint8Array,
  options: ParseManifestOptions,
): { value: Manifest | Index; mediaType: MediaType } {
  const { maxSize, level = "wire", profile = "any" } = options;
  const value = parseJson(bytes, { maxSize });
  const checker = new Checker({ level, profile });
  const said = essence(options.mediaType);
  const given = GENERIC.has(said) ? undefined : said;
  const own = isFields(value) && typeof value["mediaType"] === "string"
    ? value["mediaType"]
    : undefined;
  const kind = kindOf(value, essence(own) ?? given);
  if (kind === "manifest") checkManifest(checker, value);
  else if (kind === "index") checkIndex(checker, value);
  else if (!isFields(value)) checker.add("$", "an object", value);
  else if ((own ?? given) === undefined) {
    checker.add("$", "a manifest or an index", value);
  }
  if (own && given !== undefined && essence(own) !== given) {
    checker.add("$.mediaType", `${given}, as the content type says`, own);
  }
  if (checker.issues.length > 0) {
    throw new ValidationError(
      kind === "other" ? "document" : kind,
      checker.issues,
    );
  }
  if (level === "wire") tidy(value as Record<string, unknown>, kind);
  return {
    value: value as unknown as Manifest | Index,
    mediaType: own || given ||
      (kind === "index" ? MediaTypes.index : MediaTypes.manifest),
  };
}

/** What a document is: as its media type says, and where that says nothing, as it looks. */
function kindOf(value: unknown, mediaType: string | undefined): Kind {
  const kind = KINDS.get(mediaType);
  if (kind !== undefined) return kind;
  if (!isFields(value)) return "other";
  if ("manifests" in value) return "index";
  return "layers" in value && "config" in value ? "manifest" : "other";
}

/** The fields that a descriptor, a manifest or an index may do without. */
const OPTIONAL = [
  "mediaType",
  "artifactType",
  "subject",
  "annotations",
  "urls",
  "data",
  "platform",
] as const;

/** Puts what the types promise in the place of `null`. */
function tidy(value: Record<string, unknown>, kind: Kind): void {
  if (kind === "other") return;
  const list = kind === "index" ? "manifests" : "layers";
  value[list] ??= [];
  dropNulls(value);
  for (const key of ["config", "subject"]) {
    if (isFields(value[key])) dropNulls(value[key]);
  }
  for (const item of value[list] as Record<string, unknown>[]) dropNulls(item);
}

function dropNulls(fields: Fields): void {
  for (const key of OPTIONAL) {
    if (fields[key] === null) delete (fields as Record<string, unknown>)[key];
  }
}
