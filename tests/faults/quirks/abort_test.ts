import { assert, assertEquals } from "@std/assert";
import {
  type Repository,
  type SignalOptions,
  toSource,
} from "@gantry/oci/distribution";
import {
  artifactManifest,
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  encodeJson,
  MediaTypes,
} from "@gantry/oci/image";
import { copy, MemoryStore } from "@gantry/oci/oras";
import { openQuirkRegistry } from "../../_support/quirk_registry.ts";
import { REPOSITORY, textBlob } from "./_round_trip.ts";

const mediaType = MediaTypes.manifest;
const MANIFEST = encodeJson(
  artifactManifest({ artifactType: "application/vnd.example.x" }),
);
const NEW = await textBlob("a new blob");
const OLD = await textBlob("an old blob");

const OPERATIONS: Readonly<
  Record<
    string,
    (repository: Repository, options: SignalOptions) => Promise<unknown>
  >
> = {
  "tags.list()": ({ tags }, options) => Array.fromAsync(tags.list(options)),
  "tags.delete()": ({ tags }, options) => tags.delete("v1", options),
  "manifests.get()": ({ manifests }, options) => manifests.get("v1", options),
  "manifests.head()": ({ manifests }, options) => manifests.head("v1", options),
  "manifests.put()": ({ manifests }, options) =>
    manifests.put("v2", MANIFEST, { mediaType, tags: ["v3"], ...options }),
  "blobs.get()": async ({ blobs }, options) =>
    await new Response(await blobs.get(OLD.descriptor, options)).text(),
  "blobs.exists()": ({ blobs }, options) =>
    blobs.exists(OLD.descriptor, options),
  "blobs.push()": ({ blobs }, options) =>
    blobs.push(NEW.descriptor, NEW.source, options),
  "blobs.push() in parts": ({ blobs }, options) =>
    blobs.push(NEW.descriptor, NEW.source, { chunkSize: 3, ...options }),
  "blobs.push() with a mount": ({ blobs }, options) =>
    blobs.push(NEW.descriptor, NEW.source, {
      mount: { from: "team/base" },
      ...options,
    }),
  "blobs.pushStream()": ({ blobs }, options) =>
    blobs.pushStream(new Blob(["streamed"]).stream(), {
      chunkSize: 3,
      ...options,
    }),
  "referrers.list()": ({ referrers }, options) =>
    Array.fromAsync(referrers.list(OLD.descriptor, options)),
  "copy()": (repository, options) =>
    copy(repository, "v1", new MemoryStore(), "v1", options),
};

for (const [name, run] of Object.entries(OPERATIONS)) {
  Deno.test(`${name} ends with the signal's own reason, whichever request it meets`, async () => {
    let requests = Infinity;
    for (let at = 0; at < requests; at++) {
      // What is refused once is repeated: pauses and tokens are met as well.
      await using registry = openQuirkRegistry(["tokens", "throttled"]);
      using setUp = registry.client();
      const repository = setUp.repository(REPOSITORY);
      await repository.blobs.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
      await repository.blobs.push(OLD.descriptor, OLD.source);
      await repository.manifests.put("v1", MANIFEST, { mediaType });

      const controller = new AbortController();
      const reason = new Error("enough");
      let count = 0;
      const { transport } = registry.options();
      using client = registry.client({
        transport: async (request) => {
          if (count++ === at) controller.abort(reason);
          return await transport!(request);
        },
      });
      const result = await run(client.repository(REPOSITORY), {
        signal: controller.signal,
      }).then(() => "done", (error) => error);
      // Behind its last request nothing is left to abort.
      if (result === "done") requests = Math.max(count, at);
      else assertEquals(result, reason, `request ${at}`);
      assert(at < 100);
    }
  });
}
