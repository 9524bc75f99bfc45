import { Digest } from "../../digest/digest.ts";
import { OciError } from "../../digest/oci_error.ts";
import type { Descriptor } from "../../image/descriptor.ts";

/** The content that stands in a descriptor itself, where it is what the descriptor says. */
export async function inlineContent(
  { data, digest, size }: Descriptor,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (typeof data !== "string" || (data === "" && size > 0)) return undefined;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.from(atob(data), (unit) => unit.charCodeAt(0));
  } catch {
    return undefined;
  }
  if (bytes.byteLength !== size) return undefined;
  try {
    const { algorithm } = Digest.parse(digest);
    const actual = await Digest.fromBytes(bytes, { algorithm });
    return actual.equals(digest) ? bytes : undefined;
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}
