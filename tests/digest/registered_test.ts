import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BLAKE3,
  Digest,
  DigestMismatchError,
  DigestUnsupportedError,
  registerAlgorithm,
} from "@gantry/oci/digest";
import {
  fromHandler,
  InvalidReferenceError,
  Reference,
  RegistryClient,
  type Repository,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry, memoryStorage } from "@gantry/oci/distribution/server";
import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { validateDescriptor } from "@gantry/oci/image";

/** BLAKE3 of "abc". */
const ABC =
  "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85";
const LAYER = { mediaType: "text/plain", digest: ABC, size: 3 };
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

type Storage = ReturnType<typeof memoryStorage>;

function open(storage: Storage): [Repository, typeof fetch] {
  const server = createRegistry({ storage });
  const client = new RegistryClient("registry.example", {
    transport: fromHandler((request) => server.fetch(request)),
  });
  return [
    client.repository("team/app"),
    (input, init) => server.fetch(new Request(input, init)),
  ];
}

function upload(ask: typeof fetch, text: string): Promise<Response> {
  const url = "http://registry.example/v2/team/app/blobs/uploads/";
  return ask(`${url}?digest=${ABC}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: text,
  });
}

async function withDirectory(
  use: (storage: Storage) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(directoryStorage(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// Only one table of algorithms exists: this test must come before the others.
Deno.test("a digest of an algorithm that is not registered is refused everywhere", async () => {
  assertEquals(String(new Digest(ABC)), ABC);
  assertThrows(() => Digest.parse(ABC), DigestUnsupportedError);
  assertThrows(
    () => Reference.parse(`registry.example/team/app@${ABC}`),
    InvalidReferenceError,
  );
  const [{ blobs }, ask] = open(memoryStorage());
  await assertRejects(
    () => blobs.push(LAYER, toSource("abc")),
    DigestUnsupportedError,
  );
  const response = await upload(ask, "abc");
  assertEquals(response.status, 400);
  const { errors } = await response.json();
  assertEquals(errors[0].code, "DIGEST_INVALID");
});

Deno.test("a registered algorithm is known to references and models", () => {
  registerAlgorithm(BLAKE3);
  const { digest } = Reference.parse(`registry.example/team/app@${ABC}`);
  assertEquals(digest, ABC);
  assertEquals(validateDescriptor(LAYER), []);
  assertEquals(
    validateDescriptor({ ...LAYER, digest: `${ABC}0` })
      .map(({ path }) => path),
    ["$.digest"],
  );
});

const STORAGES: Record<
  string,
  (use: (storage: Storage) => Promise<void>) => Promise<void>
> = {
  memory: (use) => use(memoryStorage()),
  "a directory": withDirectory,
};

for (const [name, withStorage] of Object.entries(STORAGES)) {
  Deno.test(`content of a registered algorithm goes to ${name} and back`, () => {
    registerAlgorithm(BLAKE3);
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
        await Digest.fromBytes(bytes, { algorithm: "blake3" }),
      );
      await manifests.put(digest, bytes, { mediaType: MANIFEST_TYPE });
      const manifest = await manifests.get(digest);
      assertEquals(manifest.bytes, bytes);
      assertEquals(manifest.descriptor.digest, digest);
    });
  });

  Deno.test(`a registry with ${name} refuses tampered content of a registered algorithm`, () => {
    registerAlgorithm(BLAKE3);
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

Deno.test("a client refuses tampered content of a registered algorithm", async () => {
  registerAlgorithm(BLAKE3);
  const { blobs } = new RegistryClient("registry.example", {
    transport: fromHandler(() =>
      new Response("abd", { headers: { "content-length": "3" } })
    ),
  }).repository("team/app");
  const content = await blobs.get(LAYER);
  const error = await assertRejects(
    () => new Response(content).text(),
    DigestMismatchError,
  );
  assertEquals(error.expected, ABC);
});
