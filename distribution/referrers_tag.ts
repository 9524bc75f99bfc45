import { Digest } from "../digest/digest.ts";

const MAX_ALGORITHM = 32;
const MAX_ENCODED = 64;

/**
 * The tag of the index that lists the referrers of a digest, where a registry does
 * not list them by itself.
 *
 * Follows distribution-spec §Referrers Tag Schema: the algorithm cut to 32 and the
 * encoded part to 64 characters, with `-` for what no tag may hold.
 *
 * @throws {DigestError} The digest is malformed.
 *
 * @example
 * ```ts
 * import { referrersTag } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
 * assertEquals(referrersTag(`sha256:${hex}`), `sha256-${hex}`);
 * ```
 */
export function referrersTag(digest: string): string {
  // Also of an algorithm that cannot be computed here.
  const { algorithm, encoded } = new Digest(digest);
  const tag = `${algorithm.slice(0, MAX_ALGORITHM)}-${
    encoded.slice(0, MAX_ENCODED)
  }`;
  return tag.replace(/[^A-Za-z0-9._-]/g, "-");
}
