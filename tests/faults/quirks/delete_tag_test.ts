import { assertEquals } from "@std/assert";
import { toSource } from "@gantry/oci/distribution";
import {
  artifactManifest,
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  encodeJson,
  MediaTypes,
} from "@gantry/oci/image";
import { openQuirkRegistry } from "../../_support/quirk_registry.ts";
import { PRESETS } from "../../_support/quirk_registry_presets.ts";
import { REPOSITORY } from "./_round_trip.ts";

for (
  const [preset, { name, options, quirks, title }] of Object.entries(PRESETS)
) {
  Deno.test(`${title}: a tag is deleted where manifests can be, and tags cannot`, async () => {
    await using registry = openQuirkRegistry(quirks, {
      name,
      server: { deletable: ["manifest"] },
    });
    using client = registry.client(options);
    const { blobs, manifests, tags } = client.repository(REPOSITORY);
    await blobs.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
    const config = { ...EMPTY_DESCRIPTOR, mediaType: MediaTypes.config };
    const image = { schemaVersion: 2, config, layers: [EMPTY_DESCRIPTOR] };
    const contents = [
      [{ ...image, mediaType: MediaTypes.manifest }, MediaTypes.manifest],
      ...(preset === "quay" ? [] : [
        [artifactManifest({ artifactType: "a/b" }), MediaTypes.manifest],
      ] as const),
    ] as const;
    for (const [manifest, mediaType] of contents) {
      const { digest } = await manifests.put("v1", encodeJson(manifest), {
        mediaType,
        tags: ["v2"],
      });
      await tags.delete("v1");
      assertEquals((await manifests.head("v2")).digest, digest);
      assertEquals(
        await manifests.head("v1").catch(({ status }) => status),
        404,
      );
      await manifests.delete(digest);
    }
    assertEquals(registry.complaints, []);
  });
}
