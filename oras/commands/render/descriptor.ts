import { compareCodePoints } from "../../../image/_code_points.ts";
import type { Annotations } from "../../../image/annotations.ts";
import type { Descriptor } from "../../../image/descriptor.ts";
import { encodeJson } from "../../../image/encode_json.ts";
import type { Invocation } from "../_command.ts";
import { indentJson } from "../_json.ts";

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
  const keys = Object.keys(annotations).sort(compareCodePoints);
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

/** Describes a manifest that was pushed under tags for a JSON result. */
export function pushedBlock(
  name: string,
  descriptor: Descriptor,
  tags: readonly string[],
): DescriptorBlock & { readonly referenceAsTags: readonly string[] | null } {
  return {
    ...descriptorBlock(name, descriptor),
    referenceAsTags: tags.length === 0
      ? null
      : tags.map((tag) => `${name}:${tag}`).sort(),
  };
}

/** Prints a descriptor, on one line without an end, or indented with `--pretty`. */
export function printDescriptor(
  invocation: Invocation,
  { digest, mediaType, size }: Descriptor,
): void {
  printWholeDescriptor(invocation, { mediaType, digest, size });
}

/** Prints a descriptor with all its fields. */
export function printWholeDescriptor(
  { console, flags }: Invocation,
  descriptor: Descriptor,
): void {
  const text = new TextDecoder().decode(encodeJson(descriptor));
  if (flags.bool("pretty")) console.json(`${indentJson(text)}\n`);
  else console.json(text);
}
