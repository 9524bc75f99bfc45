import type { Descriptor } from "../../image/descriptor.ts";
import { MediaTypes } from "../../image/media_type.ts";

/** The descriptor of a blob in a layout; undefined where it is not there. */
export async function layoutBlob(
  path: string,
  digest: string,
): Promise<Descriptor | undefined> {
  try {
    const { isFile, size } = await Deno.lstat(
      `${path}/blobs/${digest.replace(":", "/")}`,
    );
    return isFile
      ? { mediaType: MediaTypes.octetStream, digest, size }
      : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
