import { Digest } from "../../digest/digest.ts";
import { OciError } from "../../digest/oci_error.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { parseJson } from "../../image/parse_json.ts";
import type { StoredManifest } from "./storage.ts";

/** What {@linkcode describeReferrer} finds. */
export interface ReferrerDescription {
  /** The digest of the manifest's `subject`. */
  readonly subject: string;
  /** The descriptor that a list of referrers holds: with artifact type and annotations (R68). */
  readonly descriptor: Descriptor;
}

/**
 * Describes a stored manifest for the list of what refers to its subject. Gives
 * undefined where it has no subject, or is no readable manifest.
 *
 * @example Find what a signature is about
 * ```ts
 * import { describeReferrer } from "@gantry/oci/distribution/server";
 * import { Digest } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const subject = { mediaType: "application/x", digest: `${await Digest.fromString("a")}`, size: 1 };
 * const bytes = new TextEncoder().encode(JSON.stringify({ artifactType: "text/x", subject }));
 * const digest = `${await Digest.fromBytes(bytes)}`;
 * const found = describeReferrer({ mediaType: "application/y", digest, bytes });
 * assertEquals(found?.subject, subject.digest);
 * assertEquals(found?.descriptor.artifactType, "text/x");
 * ```
 */
export function describeReferrer(
  manifest: StoredManifest,
): ReferrerDescription | undefined {
  const { mediaType, digest, bytes } = manifest;
  let value: unknown;
  try {
    value = parseJson(bytes, { maxSize: Infinity });
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
  if (!isObject(value)) return undefined;
  const { annotations, config, subject } = value;
  if (!isDescriptor(subject)) return undefined;
  const artifactType = isFilled(value.artifactType)
    ? value.artifactType
    : isDescriptor(config)
    ? config.mediaType
    : undefined;
  return {
    subject: subject.digest,
    descriptor: {
      mediaType,
      digest,
      size: bytes.byteLength,
      ...isTextMap(annotations) && { annotations },
      ...artifactType !== undefined && { artifactType },
    },
  };
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value has what each descriptor must have. */
export function isDescriptor(value: unknown): value is Descriptor {
  return isObject(value) && typeof value.mediaType === "string" &&
    typeof value.digest === "string" && isDigest(value.digest) &&
    Number.isSafeInteger(value.size) && (value.size as number) >= 0;
}

/** Any algorithm may stand in a descriptor: content can be named that is kept elsewhere. */
function isDigest(text: string): boolean {
  try {
    return text.length <= 1024 && new Digest(text) !== undefined;
  } catch {
    return false;
  }
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** One value that is no text would make the whole list unreadable for every client. */
function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) &&
    Object.values(value).every((text) => typeof text === "string");
}
