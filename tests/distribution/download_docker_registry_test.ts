import { assertEquals } from "@std/assert";
import { RegistryClient, toSource } from "@gantry/oci/distribution";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";
import { textOf } from "./_repository.ts";
import { BLOB, PARTS, TEXT } from "./_parts.ts";

Deno.test({
  name: "blobs.get() reads parts from docker-registry",
  ignore: !found("docker-registry"),
  async fn() {
    await using server = await startDockerRegistry();
    using client = new RegistryClient(server.host, { plainHttp: true });
    const { blobs } = client.repository("team/app");
    await blobs.push(BLOB, toSource(TEXT));
    for (const [, offset, length, expected] of PARTS) {
      assertEquals(await textOf(blobs.get(BLOB, { offset, length })), expected);
    }
  },
});
