import { assertEquals } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import type { Descriptor } from "@gantry/oci/image";
import type { Repository } from "@gantry/oci/distribution";
import { pattern } from "../_support/test_source.ts";

/** Bytes in a mebibyte. */
export const MIB: number = 1024 * 1024;

/** The descriptor of a test source of so many bytes. */
export async function described(
  size: number,
  algorithm: "sha256" | "sha512" = "sha256",
): Promise<Descriptor> {
  const digest = await Digest.fromBytes(pattern(0, size), { algorithm });
  return { mediaType: "application/octet-stream", digest: `${digest}`, size };
}

/** Asserts that a test source has arrived. */
export async function assertPushed(
  app: Repository,
  descriptor: Descriptor,
): Promise<void> {
  const stream = await app.blobs.get(descriptor);
  assertEquals(
    await new Response(stream).bytes(),
    pattern(0, descriptor.size),
  );
}
