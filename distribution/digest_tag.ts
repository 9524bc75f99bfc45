/** What names a digest in a tag, and what cosign puts behind it. */
const DIGEST_TAG =
  /^(?:sha256-[0-9a-f]{64}|sha384-[0-9a-f]{64,96}|sha512-[0-9a-f]{64,128})(?:\.[A-Za-z0-9._-]+)?$/;

/**
 * Whether a tag is made of a digest, and so is for programs: the referrers tag
 * `sha256-…` of distribution-spec, and the tags `sha256-….sig`, `….att` and `….sbom`
 * of cosign.
 *
 * @example
 * ```ts
 * import { isDigestTag } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const tags = ["v1", `sha256-${"0".repeat(64)}`, `sha256-${"0".repeat(64)}.sig`];
 * assertEquals(tags.filter((tag) => !isDigestTag(tag)), ["v1"]);
 * ```
 */
export function isDigestTag(tag: string): boolean {
  return DIGEST_TAG.test(tag);
}
