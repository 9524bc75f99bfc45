import { OciError } from "../../digest/oci_error.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { parseJson } from "../../image/parse_json.ts";
import { assertSchema1 } from "../../image/schema1_manifest.ts";
import { addressedBytes } from "../../image/addressed_bytes.ts";
import {
  validateIndex,
  validateManifest,
} from "../../image/validate_manifest.ts";
import { isMediaType } from "./media_type.ts";
import { isDescriptor, isObject } from "./referrer_description.ts";
import { manifestInvalid } from "./request_error.ts";

/** What a registry must know of a manifest; all else is the clients' business. */
export interface ManifestDocument {
  /** The media type: the document's own, or the one it was pushed with. */
  readonly mediaType: string;
  /** The digest of the manifest that this one says something about. */
  readonly subject: string | undefined;
  /** The bytes that the manifest's digest is of. */
  readonly addressed: Uint8Array<ArrayBuffer>;
  /** What the manifest names, and must be there as blobs. */
  readonly blobs: readonly Descriptor[];
  /** What an index names, and must be there as manifests. */
  readonly manifests: readonly Descriptor[];
}

const MANIFESTS: ReadonlySet<string> = new Set([
  MediaTypes.manifest,
  MediaTypes.dockerManifest,
]);
const INDEXES: ReadonlySet<string> = new Set([
  MediaTypes.index,
  MediaTypes.dockerManifestList,
]);
const SCHEMA_1: ReadonlySet<string> = new Set([
  MediaTypes.dockerSchema1,
  MediaTypes.dockerSchema1Signed,
]);

/** Whether a media type is one of an image manifest or an index that this registry knows. */
function isKnownManifestType(mediaType: string): boolean {
  return MANIFESTS.has(mediaType) || INDEXES.has(mediaType);
}

/**
 * Reads a manifest that is pushed.
 *
 * It must be what it says: the document's `mediaType` is the given one, and fields
 * of an index and of an image manifest never meet in one document, for two clients
 * could read such a document as two different things (CVE-2021-41190). Unknown
 * fields, empty lists, and media types that are not known all are fine.
 *
 * @throws {RequestError} 400 `MANIFEST_INVALID`: the document is not acceptable.
 */
export function readManifestDocument(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string | undefined,
  schema1: "accept" | "refuse",
): ManifestDocument {
  if (contentType !== undefined && SCHEMA_1.has(contentType)) {
    if (schema1 === "refuse") {
      throw manifestInvalid("Docker schema 1 manifests are not accepted");
    }
    return readSchema1(bytes, contentType);
  }
  const value = parseObject(bytes);
  const own = value.mediaType;
  if (own !== undefined && typeof own !== "string") {
    throw manifestInvalid("The field mediaType must be text");
  }
  const mediaType = contentType ?? own;
  if (mediaType === undefined || !isMediaType(mediaType)) {
    throw manifestInvalid("The manifest needs a valid Content-Type");
  }
  if (own !== undefined && own !== mediaType) {
    throw manifestInvalid(
      "The field mediaType differs from the Content-Type",
      { mediaType: own, contentType: mediaType },
    );
  }
  if (
    value.manifests !== undefined &&
    (value.layers !== undefined || value.config !== undefined)
  ) {
    throw manifestInvalid(
      "The document mixes the fields of an image manifest and of an index",
    );
  }
  if (isKnownManifestType(mediaType)) checkShape(value, mediaType);
  const { config, layers, manifests, subject } = value;
  return {
    mediaType,
    subject: isDescriptor(subject) ? subject.digest : undefined,
    addressed: bytes,
    blobs: [config, ...list(layers)].filter(isDescriptor),
    manifests: list(manifests).filter(isDescriptor),
  };
}

/** Docker's first manifests: their layers have no sizes, and signatures stand inside. */
function readSchema1(
  bytes: Uint8Array<ArrayBuffer>,
  mediaType: string,
): ManifestDocument {
  const { value, addressed } = guard(() => {
    const value = parseJson(bytes, { maxSize: Infinity });
    assertSchema1(value, { level: "wire" });
    return { value, addressed: addressedBytes(bytes, mediaType) };
  });
  const blobs = value.fsLayers.map(({ blobSum }) => ({
    mediaType: MediaTypes.dockerLayerGzip,
    digest: blobSum,
    size: 0,
  }));
  return {
    mediaType,
    subject: undefined,
    addressed,
    blobs: blobs.filter(isDescriptor),
    manifests: [],
  };
}

/** What the image floor refuses, a client must hear as its own mistake. */
function guard<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof OciError) throw manifestInvalid(error.message);
    throw error;
  }
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  const value = guard(() => parseJson(bytes, { maxSize: Infinity }));
  if (!isObject(value)) {
    throw manifestInvalid("The manifest must be a JSON object");
  }
  return value;
}

/** Refuses what a client could not work with: the `wire` level of the image floor. */
function checkShape(value: Record<string, unknown>, mediaType: string): void {
  const validate = INDEXES.has(mediaType) ? validateIndex : validateManifest;
  const [issue] = validate(value, { level: "wire" });
  if (issue === undefined) return;
  const { actual, expected, path } = issue;
  throw manifestInvalid(
    `The field ${path.replace(/^\$\.?/, "")} must be ${expected}`,
    { path, expected, actual },
  );
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
