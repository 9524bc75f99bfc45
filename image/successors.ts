import { isFields } from "./_checker.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Index, Manifest } from "./manifest.ts";

/**
 * The content that a document points at, in the order in which it is written:
 * subject, config and layers of a manifest, subject and manifests of an index, and
 * the blobs of the withdrawn OCI artifact manifest. Of any other document, nothing.
 *
 * @example
 * ```ts
 * import { artifactManifest, EMPTY_DESCRIPTOR, successors } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const manifest = artifactManifest({ artifactType: "application/vnd.example" });
 * assertEquals(successors(manifest), [EMPTY_DESCRIPTOR, EMPTY_DESCRIPTOR]);
 * ```
 */
export function successors(value: Manifest | Index): readonly Descriptor[] {
  const found: Descriptor[] = [];
  const fields: Readonly<Record<string, unknown>> = value;
  if (isFields(fields["subject"])) found.push(fields["subject"] as Descriptor);
  if (isFields(fields["config"])) found.push(fields["config"] as Descriptor);
  for (const key of ["layers", "manifests", "blobs"]) {
    const list = fields[key];
    if (!Array.isArray(list)) continue;
    for (const item of list) if (isFields(item)) found.push(item as Descriptor);
  }
  return found;
}
