import { isDigestTag } from "../distribution/digest_tag.ts";

/**
 * Whether a tag is that of a list of referrers, which whoever pushes referrers keeps,
 * so that it is not to be copied over another. What has a suffix is content of its own,
 * such as a signature of cosign's.
 */
export function isReferrersTag(tag: string): boolean {
  return isDigestTag(tag) && !tag.includes(".");
}
