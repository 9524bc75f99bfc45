import { assert, assertEquals } from "@std/assert";
import {
  type AlgorithmDefinition,
  BLAKE3,
  Digest,
  registerAlgorithm,
} from "@gantry/oci/digest";
import {
  fromHandler,
  RegistryClient,
  type Repository,
  toSource,
} from "@gantry/oci/distribution";
import {
  createRegistry,
  type RegistryStorage,
} from "@gantry/oci/distribution/server";
import type { Descriptor } from "@gantry/oci/image";

/** An algorithm by a name that nothing else registers: there is one table for all. */
export const OWN: AlgorithmDefinition = { ...BLAKE3, name: "own-blake3" };
/** The digest of "abc". */
export const ABC =
  "own-blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85";
/** A layer that holds "abc". */
export const LAYER: Descriptor = {
  mediaType: "text/plain",
  digest: ABC,
  size: 3,
};
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** A repository of a registry, and the way to ask that. */
export function open(
  storage: RegistryStorage,
): [Repository, typeof fetch] {
  const server = createRegistry({ storage });
  const client = new RegistryClient("registry.example", {
    transport: fromHandler((request) => server.fetch(request)),
  });
  return [
    client.repository("team/app"),
    (input, init) => server.fetch(new Request(input, init)),
  ];
}

/** Uploads a text under the digest of "abc". */
export function upload(ask: typeof fetch, text: string): Promise<Response> {
  const url = "http://registry.example/v2/team/app/blobs/uploads/";
  return ask(`${url}?digest=${ABC}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: text,
  });
}

/** Registers the tests of one storage. */
export function registeredSuite(
  name: string,
  withStorage: (use: (storage: RegistryStorage) => Promise<void>) => Promise<
    void
  >,
): void {
  Deno.test(`content of a registered algorithm goes to ${name} and back`, () => {
    registerAlgorithm(OWN);
    return withStorage(async (storage) => {
      const [{ blobs, manifests }] = open(storage);
      assertEquals(await blobs.push(LAYER, toSource("abc")), "uploaded");
      assertEquals(await blobs.push(LAYER, toSource("abc")), "exists");
      const content = await blobs.get(LAYER);
      assertEquals(await new Response(content).text(), "abc");

      const bytes = new TextEncoder().encode(JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST_TYPE,
        config: { ...LAYER, mediaType: "application/vnd.example.config" },
        layers: [LAYER],
      }));
      const digest = String(
        await Digest.fromBytes(bytes, { algorithm: OWN.name }),
      );
      await manifests.put(digest, bytes, { mediaType: MANIFEST_TYPE });
      const manifest = await manifests.get(digest);
      assertEquals(manifest.bytes, bytes);
      assertEquals(manifest.descriptor.digest, digest);
    });
  });

  Deno.test(`a registry with ${name} refuses tampered content of a registered algorithm`, () => {
    registerAlgorithm(OWN);
    return withStorage(async (storage) => {
      const [{ blobs }, ask] = open(storage);
      const refused = await upload(ask, "abd");
      assertEquals(refused.status, 400);
      await refused.body?.cancel();
      assert(!(await blobs.exists(LAYER)));
      const accepted = await upload(ask, "abc");
      assertEquals(accepted.status, 201);
      assertEquals(accepted.headers.get("docker-content-digest"), ABC);
      await accepted.body?.cancel();
    });
  });
}
