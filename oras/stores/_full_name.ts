import { Reference } from "../../distribution/reference.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";

/** By which containerd, BuildKit and docker keep the full name of an image beside its tag. */
export const IMAGE_NAME = "io.containerd.image.name";

/** A name with the registry and the tag that docker takes for granted; undefined where it is none. */
export function fullName(name: string): string | undefined {
  try {
    const reference = Reference.parse(name);
    return String(
      reference.target === undefined ? reference.withTag("latest") : reference,
    );
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}
