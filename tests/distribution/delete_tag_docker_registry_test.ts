import { assertEquals, assertRejects } from "@std/assert";
import {
  RegistryClient,
  RegistryError,
  UnsupportedError,
} from "@gantry/oci/distribution";
import { MediaTypes } from "@gantry/oci/image";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";
import { pushTwoTags, tagsOf } from "./_two_tags.ts";

Deno.test({
  name: "tags.delete() deletes a tag of docker-registry, or changes nothing",
  ignore: !found("docker-registry"),
  async fn() {
    for (const isOpen of [true, false]) {
      await using registry = await startDockerRegistry({ delete: isOpen });
      const client = new RegistryClient(registry.host, { plainHttp: true });
      const repository = client.repository("team/app");
      for (
        const mediaType of [MediaTypes.manifest, MediaTypes.dockerManifest]
      ) {
        const manifest = await pushTwoTags(repository, mediaType);
        if (isOpen) await repository.tags.delete("v1");
        else {
          await assertRejects(
            () => repository.tags.delete("v1"),
            UnsupportedError,
          );
        }
        assertEquals(await tagsOf(repository), isOpen ? ["v2"] : ["v1", "v2"]);
        assertEquals((await repository.resolve("v2")).digest, manifest.digest);
      }
      await assertRejects(() => repository.tags.delete("none"), RegistryError);
      client.close();
    }
  },
});
