import { assert, assertEquals, assertRejects } from "@std/assert";
import { OciError } from "@gantry/oci/digest";
import type { RegistryClient } from "@gantry/oci/distribution";
import { MediaTypes } from "@gantry/oci/image";
import { network } from "./_network.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;
const CHUNK = new Uint8Array(64 * 1024).fill(0x20);
/** More than any client may read of what it does not know the size of. */
const ENOUGH = 6 * 1024 * 1024;

/** What reads an answer, and what that answer says of itself. */
const READERS: readonly [
  what: string,
  run: (client: RegistryClient) => Promise<unknown>,
  init?: ResponseInit,
][] = [
  [
    "a manifest",
    (client) => client.repository("app").manifests.get("v1"),
    { headers: { "content-type": MediaTypes.manifest } },
  ],
  [
    "a list of tags",
    (client) => Array.fromAsync(client.repository("app").tags.list()),
  ],
  ["a catalog", (client) => Array.fromAsync(client.catalog())],
  [
    "a list of referrers",
    (client) =>
      Array.fromAsync(client.repository("app").referrers.list(DIGEST)),
    { headers: { "content-type": MediaTypes.index } },
  ],
  [
    "a blob",
    async (client) => {
      const { blobs } = client.repository("app");
      const stream = await blobs.get({ digest: DIGEST, size: 1000 });
      return await new Response(stream).bytes();
    },
  ],
  [
    "an error",
    (client) => client.repository("app").manifests.get("v1"),
    { status: 400, headers: { "content-type": "application/json" } },
  ],
  [
    "an error of a deletion",
    (client) => client.repository("app").manifests.delete("v1"),
    { status: 403 },
  ],
  ["the base endpoint", (client) => client.ping()],
];

for (const length of [undefined, "1000"]) {
  const with_ = length === undefined ? "without" : "with";
  for (const [what, run, init] of READERS) {
    Deno.test(`${what} that never ends is left ${with_} a length that was told`, async () => {
      let given = 0;
      let isLeft = false;
      const net = network(() => {
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            given += CHUNK.byteLength;
            controller.enqueue(CHUNK.slice());
          },
          cancel: () => void (isLeft = true),
        });
        const headers = new Headers(init?.headers);
        if (length !== undefined) headers.set("content-length", length);
        return new Response(body, { ...init, headers });
      });
      using client = net.client();
      if (what === "the base endpoint") await run(client);
      else await assertRejects(() => run(client), OciError);
      assert(isLeft);
      assert(given <= ENOUGH, `${given} bytes were read`);
      assertEquals(net.seen.length, 1);
    });
  }
}

Deno.test("a token reply that never ends is left", async () => {
  let given = 0;
  let isLeft = false;
  const net = network((_, { host }) => {
    if (host !== "auth.example") {
      const realm = `Bearer realm="https://auth.example/token"`;
      return new Response(null, {
        status: 401,
        headers: { "www-authenticate": realm },
      });
    }
    return new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          given += CHUNK.byteLength;
          controller.enqueue(CHUNK.slice());
        },
        cancel: () => void (isLeft = true),
      }),
    );
  });
  using client = net.client();
  await assertRejects(() => client.ping(), OciError);
  assert(isLeft);
  assert(given <= 1024 * 1024, `${given} bytes were read`);
});

Deno.test("pages that never end, and pages that lead to one another, are left", async () => {
  for (const last of [() => "a", () => crypto.randomUUID()]) {
    let pages = 0;
    const net = network((_, { pathname }) => {
      pages++;
      return Response.json({ name: "app", tags: [] }, {
        headers: { link: `<${pathname}?last=${last()}>; rel="next"` },
      });
    });
    using client = net.client();
    await assertRejects(
      () => Array.fromAsync(client.repository("app").tags.list()),
      OciError,
      "the pages do not end",
    );
    assert(pages <= 10_000);
  }
});
