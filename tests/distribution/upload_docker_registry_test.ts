import { assertEquals, assertRejects } from "@std/assert";
import {
  ConnectionError,
  NotFoundError,
  RegistryClient,
} from "@gantry/oci/distribution";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";
import { pattern, testSource } from "../_support/test_source.ts";
import { assertPushed, described, MIB } from "./_uploads.ts";

Deno.test({
  name: "uploads go by every way to docker-registry, also where they break off",
  ignore: !found("docker-registry"),
  async fn() {
    await using server = await startDockerRegistry();
    using client = new RegistryClient(server.host, {
      plainHttp: true,
      retry: { baseDelay: 1 },
    });
    const app = client.repository("team/app");
    const size = 3 * MIB;
    const blob = await described(size);
    await app.blobs.push(blob, testSource(size), { singlePost: true });
    assertEquals(client.capabilities.singlePost, false);
    await assertPushed(app, blob);

    const parts = client.repository("team/parts");
    await parts.blobs.push(blob, testSource(size), { chunkSize: MIB });
    await assertPushed(parts, blob);

    const stream = client.repository("team/stream");
    await stream.blobs.pushStream(await testSource(size).open());
    await assertPushed(stream, blob);

    const steps = client.repository("team/steps");
    const begun = await steps.uploads.start();
    await begun.send(pattern(0, MIB));
    const upload = steps.uploads.resume(begun.location);
    assertEquals(await upload.status(), MIB);
    // A source that fails in its middle breaks the body off.
    let fails = 1;
    await upload.send({
      size: size - MIB,
      open(offset = 0) {
        if (fails-- <= 0) return testSource(size).open(MIB + offset);
        let sent = 0;
        return new ReadableStream({
          type: "bytes",
          pull(controller) {
            if (sent >= MIB) {
              throw new ConnectionError("CONNECTION_RESET", "cut", {
                method: "PATCH",
                url: upload.location,
              });
            }
            const piece = pattern(MIB + sent, 64 * 1024);
            sent += piece.byteLength;
            controller.enqueue(piece);
          },
        });
      },
    });
    await upload.finish(blob.digest);
    await assertPushed(steps, blob);
    assertEquals(
      await client.repository("team/mounted").blobs.push(
        blob,
        testSource(size),
        {
          mount: { from: "team/app" },
        },
      ),
      "mounted",
    );
    await assertRejects(() => upload.cancel(), NotFoundError);
  },
});
