import type { Annotations } from "../../../image/annotations.ts";
import type { Descriptor } from "../../../image/descriptor.ts";
import type { Invocation } from "../_command.ts";
import { compactJson, prettyJson } from "../_json.ts";

/** What JSON results say of a piece of content, in this order of keys. */
export interface DescriptorBlock {
  /** `registry/repository@digest`. */
  readonly reference: string;
  /** The media type. */
  readonly mediaType: string;
  /** The digest. */
  readonly digest: string;
  /** The size in bytes. */
  readonly size: number;
  /** The annotations, sorted by key. */
  readonly annotations?: Annotations;
  /** The type of artifact. */
  readonly artifactType?: string;
}

/** Describes content of a repository for a JSON result. */
export function descriptorBlock(
  name: string,
  descriptor: Descriptor,
): DescriptorBlock {
  const { annotations = {}, artifactType, digest, mediaType, size } =
    descriptor;
  const keys = Object.keys(annotations).sort();
  return {
    reference: `${name}@${digest}`,
    mediaType,
    digest,
    size,
    ...(keys.length > 0 && {
      annotations: Object.fromEntries(
        keys.map((key) => [key, annotations[key]!]),
      ),
    }),
    ...(artifactType && { artifactType }),
  };
}

/** Prints a descriptor, on one line without an end, or indented with `--pretty`. */
export function printDescriptor(
  { console, flags }: Invocation,
  { digest, mediaType, size }: Descriptor,
): void {
  const descriptor = { mediaType, digest, size };
  if (flags.bool("pretty")) console.out(prettyJson(descriptor));
  else console.outRaw(compactJson(descriptor));
}
