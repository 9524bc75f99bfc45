import { splitPrettyJws } from "./_pretty_jws.ts";
import { MediaTypes } from "./media_type.ts";
import { Schema1Error } from "./schema1_error.ts";

/**
 * The bytes that a manifest's digest is of: all of them, save for a signed schema 1
 * manifest, which is addressed by what was signed.
 *
 * @throws {JsonError} A schema 1 manifest is no acceptable JSON.
 * @throws {Schema1Error} The signatures of a schema 1 manifest do not say what was signed.
 *
 * @example
 * ```ts
 * import { addressedBytes } from "@gantry/oci/image";
 * import { assertStrictEquals } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
 * assertStrictEquals(addressedBytes(bytes, "application/vnd.oci.image.index.v1+json"), bytes);
 * ```
 */
export function addressedBytes(
  bytes: Uint8Array<ArrayBuffer>,
  mediaType: string | undefined,
): Uint8Array<ArrayBuffer> {
  if (mediaType !== MediaTypes.dockerSchema1Signed) return bytes;
  try {
    return splitPrettyJws(bytes).payload;
  } catch (error) {
    // What has no signatures is signed in name only.
    if (error instanceof Schema1Error && error.code === "SCHEMA1_UNSIGNED") {
      return bytes;
    }
    throw error;
  }
}
