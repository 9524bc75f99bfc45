import { assertEquals } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  defaultTransport,
  RegistryClient,
  toSource,
} from "@gantry/oci/distribution";
import {
  MediaTypes,
  signSchema1,
  validateSchema1,
  verifySchema1,
} from "@gantry/oci/image";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { runGantry } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

Deno.test({
  name: "schema 1 goes to docker-registry and comes back, by tag and by digest",
  ignore: !found("docker-registry"),
  async fn() {
    await using registry = await startDockerRegistry({ schema1: true });
    const transport = defaultTransport();
    const repository = new RegistryClient(registry.host, {
      plainHttp: true,
      transport,
    }).repository("team/app");
    const layer = new Uint8Array(100).fill(1);
    const blobSum = String(await Digest.fromBytes(layer));
    await repository.blobs.push(
      { mediaType: MediaTypes.octetStream, digest: blobSum, size: 100 },
      toSource(layer),
    );
    const signed = await signSchema1({
      schemaVersion: 1,
      name: "team/app",
      tag: "v1",
      architecture: "amd64",
      fsLayers: [{ blobSum }],
      history: [{ v1Compatibility: '{"id":"a"}' }],
    });
    const mediaType = MediaTypes.dockerSchema1Signed;
    const { digest } = signed.descriptor;
    const { manifests } = repository;
    for (const reference of ["v1", digest]) {
      const descriptor = await manifests.put(reference, signed.bytes, {
        mediaType,
      });
      assertEquals(descriptor, signed.descriptor);
      // The registry adds a signature of its own on the way out.
      const content = await manifests.get(reference, { accept: [mediaType] });
      assertEquals(content.descriptor.digest, digest);
      const { value } = await verifySchema1(content.bytes, { digest });
      assertEquals(validateSchema1(value), []);
    }
    transport.close?.();
    const name = `${registry.host}/team/app@${digest}`;
    const fetched = await runGantry(
      ["manifest", "fetch", "--plain-http", "--media-type", mediaType, name],
    );
    assertEquals([fetched.code, fetched.stderr], [0, ""]);
    const verdict = await runGantry(["validate", "-"], {
      stdin: fetched.stdout,
    });
    assertEquals([verdict.code, verdict.stdout], [
      0,
      "stdin: valid schema1\n",
    ]);
  },
});
