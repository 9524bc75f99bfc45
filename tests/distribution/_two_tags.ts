import { type Repository, toSource } from "@gantry/oci/distribution";
import {
  type Descriptor,
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  encodeJson,
  MediaTypes,
} from "@gantry/oci/image";

/** Pushes a manifest under the tags `v1` and `v2`. */
export async function pushTwoTags(
  repository: Repository,
  mediaType: string = MediaTypes.manifest,
): Promise<Descriptor> {
  await repository.blobs.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
  const bytes = encodeJson({
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: "application/vnd.example.config",
      digest: EMPTY_DESCRIPTOR.digest,
      size: EMPTY_DESCRIPTOR.size,
    },
    layers: [],
  });
  return await repository.manifests.put("v1", bytes, {
    mediaType,
    tags: ["v2"],
  });
}

/** The tags of a repository. */
export async function tagsOf(repository: Repository): Promise<string[]> {
  return await Array.fromAsync(repository.tags.list());
}
