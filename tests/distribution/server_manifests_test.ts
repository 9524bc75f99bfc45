import { createRegistry } from "@gantry/oci/distribution/server";
import { assert, assertEquals } from "@std/assert";
import {
  digestOf,
  errorCode,
  everywhere,
  INDEX,
  MANIFEST,
  manifestText,
  pushBlob,
  putManifest,
} from "./_registries.ts";

everywhere(
  "createRegistry() keeps a manifest's exact bytes and media type",
  async (registry) => {
    const text = `${await manifestText({ annotations: { a: "é" } })}\n  \n`;
    const digest = await digestOf(text);
    const pushed = await putManifest(
      registry,
      "app",
      "v1",
      text,
      `${MANIFEST}; charset=utf-8`,
    );
    assertEquals(pushed.status, 201);
    assertEquals(
      pushed.headers.get("location"),
      `/v2/app/manifests/${digest}`,
    );
    assertEquals(pushed.headers.get("docker-content-digest"), digest);
    for (const reference of ["v1", digest, digest.replace(":", "%3A")]) {
      const pulled = await registry.call(`/v2/app/manifests/${reference}`);
      assertEquals(pulled.status, 200);
      assertEquals(pulled.headers.get("content-type"), MANIFEST);
      assertEquals(pulled.headers.get("docker-content-digest"), digest);
      assertEquals(await pulled.text(), text);
      const head = await registry.head(`/v2/app/manifests/${reference}`, {
        method: "HEAD",
      });
      assertEquals(
        head.headers.get("content-length"),
        String(new TextEncoder().encode(text).length),
      );
    }
  },
);

everywhere(
  "createRegistry() moves a tag, and keeps what it pointed at",
  async (registry) => {
    const first = await manifestText({ annotations: { n: "1" } });
    const second = await manifestText({ annotations: { n: "2" } });
    await putManifest(registry, "app", "latest", first);
    await putManifest(registry, "app", "latest", second);
    const pull = async (reference: string) =>
      await (await registry.call(`/v2/app/manifests/${reference}`)).text();
    assertEquals(await pull("latest"), second);
    assertEquals(await pull(await digestOf(first)), first);
  },
);

everywhere(
  "createRegistry() takes a manifest by digest, in any algorithm, with tags",
  async (registry) => {
    for (const algorithm of ["sha256", "sha384", "sha512"]) {
      const text = await manifestText({ annotations: { algorithm } });
      const digest = await digestOf(text, algorithm);
      const pushed = await putManifest(
        registry,
        "app",
        `${digest}?tag=${algorithm}&tag=newest`,
        text,
      );
      assertEquals(pushed.status, 201);
      assertEquals(
        pushed.headers.get("oci-tag"),
        `${algorithm}, newest`,
      );
      for (const reference of [digest, algorithm, "newest"]) {
        const pulled = await registry.call(`/v2/app/manifests/${reference}`);
        assertEquals(pulled.headers.get("docker-content-digest"), digest);
        assertEquals(await pulled.text(), text);
      }
    }
    const wrong = await putManifest(
      registry,
      "app",
      await digestOf("other"),
      await manifestText(),
    );
    assertEquals(wrong.status, 400);
  },
);

const subject = {
  mediaType: MANIFEST,
  digest: `sha256:${"0".repeat(64)}`,
  size: 7,
};
const child = { ...subject, platform: { os: "linux", architecture: "arm64" } };
const index = { schemaVersion: 2, mediaType: INDEX };

const ACCEPTED: Readonly<Record<string, [object | null, string]>> = {
  "no layers": [{}, MANIFEST],
  "layers null": [{ layers: null }, MANIFEST],
  "unknown fields": [{ "x-more": { deep: [1] } }, MANIFEST],
  "no mediaType": [{ mediaType: undefined }, MANIFEST],
  "absent subject": [{ subject }, MANIFEST],
  "absent layers": [{ layers: [{ ...subject, mediaType: "a/b" }] }, MANIFEST],
  "Docker schema 2": [
    { mediaType: "application/vnd.docker.distribution.manifest.v2+json" },
    "application/vnd.docker.distribution.manifest.v2+json",
  ],
};
const ACCEPTED_WHOLE: Readonly<Record<string, [object, string]>> = {
  "empty index": [{ ...index, manifests: [] }, INDEX],
  "index without its children": [{ ...index, manifests: [child] }, INDEX],
  "nested index": [
    { ...index, manifests: [{ ...subject, mediaType: INDEX }] },
    INDEX,
  ],
  "unknown type": [
    { mediaType: "application/vnd.example+json", any: 1 },
    "application/vnd.example+json",
  ],
};

everywhere(
  "createRegistry() accepts the manifests that it must accept",
  async (registry) => {
    const documents: [string, string, string][] = [];
    for (const [name, [fields, type]] of Object.entries(ACCEPTED)) {
      documents.push([name, await manifestText({ ...fields }), type]);
    }
    for (const [name, [value, type]] of Object.entries(ACCEPTED_WHOLE)) {
      documents.push([name, JSON.stringify(value), type]);
    }
    for (const [name, text, type] of documents) {
      const { status } = await putManifest(registry, "app", "t", text, type);
      assertEquals([name, status], [name, 201]);
      const pulled = await registry.call("/v2/app/manifests/t");
      assertEquals(pulled.headers.get("content-type"), type);
      assertEquals(await pulled.text(), text);
    }
  },
);

const config = { mediaType: "a/b", digest: subject.digest, size: 2 };
const REFUSED: Readonly<Record<string, [string, string]>> = {
  "no JSON": ["{", MANIFEST],
  "empty": ["", MANIFEST],
  "a list": ["[]", MANIFEST],
  "not UTF-8": ['{"schemaVersion":2,"x":"\u{d800}"', MANIFEST],
  "a key twice": [
    '{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:' +
    '0000000000000000000000000000000000000000000000000000000000000000","size":2},' +
    '"layers":[],"layers":[]}',
    MANIFEST,
  ],
  "both kinds": [
    JSON.stringify({ schemaVersion: 2, config, layers: [], manifests: [] }),
    MANIFEST,
  ],
  "both kinds, unknown type": [
    JSON.stringify({ layers: [], manifests: [] }),
    "application/vnd.example+json",
  ],
  "another type inside": [
    JSON.stringify({ ...index, manifests: [] }),
    MANIFEST,
  ],
  "an index called manifest": [
    JSON.stringify({ schemaVersion: 2, manifests: [] }),
    MANIFEST,
  ],
  "a manifest called index": [
    JSON.stringify({ schemaVersion: 2, config, layers: [] }),
    INDEX,
  ],
  "no config": [JSON.stringify({ schemaVersion: 2, layers: [] }), MANIFEST],
  "schema version 1": [
    JSON.stringify({ schemaVersion: 1, config, layers: [] }),
    MANIFEST,
  ],
  "a malformed digest": [
    JSON.stringify({
      schemaVersion: 2,
      config: { ...config, digest: "../../etc/passwd" },
      layers: [],
    }),
    MANIFEST,
  ],
  "Docker schema 1": [
    '{"schemaVersion":1}',
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
  ],
  "no media type": [JSON.stringify({ schemaVersion: 2 }), "text"],
};

everywhere(
  "createRegistry() refuses documents that are no manifests",
  async (registry) => {
    for (const [name, [text, type]] of Object.entries(REFUSED)) {
      const response = await registry.call("/v2/app/manifests/bad", {
        method: "PUT",
        headers: { "content-type": type },
        body: text,
      });
      assertEquals([name, response.status], [name, 400]);
      assertEquals(await errorCode(response), "MANIFEST_INVALID");
    }
    assertEquals((await registry.head("/v2/app/manifests/bad")).status, 404);
  },
);

everywhere(
  "createRegistry() refuses a manifest over 4 MiB",
  async (registry) => {
    const room = 4 * 1024 * 1024 - (await manifestText({ x: "" })).length;
    const fits = await manifestText({ x: "x".repeat(room) });
    const large = await manifestText({ x: "x".repeat(room + 1) });
    assertEquals((await putManifest(registry, "app", "t", fits)).status, 201);
    assertEquals((await putManifest(registry, "app", "t", large)).status, 413);
  },
);

Deno.test("createRegistry() answers 413 to a manifest that never ends", async () => {
  const registry = createRegistry();
  let cancelled = false;
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(65_536).fill(0x20));
    },
    cancel() {
      cancelled = true;
    },
  });
  const url = "http://registry.test/v2/app/manifests/t";
  const headers = { "content-type": MANIFEST };
  const init = { method: "PUT", headers, body, duplex: "half" };
  const response = await registry.fetch(new Request(url, init as RequestInit));
  assertEquals(response.status, 413);
  assert(cancelled);
});

everywhere(
  "createRegistry() deletes a tag, and a manifest with its tags",
  async (registry) => {
    const text = await manifestText();
    const digest = await digestOf(text);
    for (const tag of ["a", "b", "c"]) {
      await putManifest(registry, "app", tag, text);
    }
    const status = async (reference: string, method = "GET") =>
      (await registry.head(`/v2/app/manifests/${reference}`, { method }))
        .status;
    assertEquals(await status("a", "DELETE"), 202);
    assertEquals(await status("a"), 404);
    assertEquals(await status("b"), 200);
    assertEquals(await status("b", "DELETE"), 202);
    assertEquals(await status("c", "DELETE"), 202);
    assertEquals(await status(digest), 200);

    await putManifest(registry, "app", "d", text);
    assertEquals(await status(digest, "DELETE"), 202);
    assertEquals(await status(digest), 404);
    assertEquals(await status("d"), 404);
    assertEquals(await status(digest, "DELETE"), 404);
    assertEquals(await status("d", "DELETE"), 404);
  },
);

everywhere(
  "createRegistry() answers 404 with the code for what is not there",
  async (registry) => {
    await pushBlob(registry, "app", "x");
    const absent = await digestOf("absent");
    const requests: readonly [string, string, string][] = [
      ["GET", "/v2/app/manifests/none", "MANIFEST_UNKNOWN"],
      ["GET", "/v2/app/manifests/.INVALID", "MANIFEST_UNKNOWN"],
      ["GET", `/v2/app/manifests/${absent}`, "MANIFEST_UNKNOWN"],
      ["GET", `/v2/app/blobs/${absent}`, "BLOB_UNKNOWN"],
      ["DELETE", "/v2/app/manifests/none", "MANIFEST_UNKNOWN"],
      ["DELETE", "/v2/nowhere/manifests/none", "NAME_UNKNOWN"],
      ["GET", "/v2/nowhere/manifests/none", "MANIFEST_UNKNOWN"],
      ["GET", "/v2/nowhere/tags/list", "NAME_UNKNOWN"],
      ["GET", `/v2/nowhere/blobs/${absent}`, "BLOB_UNKNOWN"],
    ];
    for (const [method, path, code] of requests) {
      const response = await registry.call(path, { method });
      assertEquals([path, response.status], [path, 404]);
      assertEquals([path, await errorCode(response)], [path, code]);
    }
  },
);

everywhere(
  "createRegistry({ sparse }) refuses manifests that name missing content",
  async (registry) => {
    const text = await manifestText();
    const refused = await registry.call("/v2/app/manifests/t", {
      method: "PUT",
      headers: { "content-type": MANIFEST },
      body: text,
    });
    assertEquals(refused.status, 404);
    assertEquals(await errorCode(refused), "MANIFEST_BLOB_UNKNOWN");
    await pushBlob(registry, "app", "{}");
    // The subject may be absent all the same.
    const whole = await manifestText({ subject });
    assertEquals((await putManifest(registry, "app", "t", whole)).status, 201);
    const list = JSON.stringify({ ...index, manifests: [child] });
    const { status } = await putManifest(registry, "app", "i", list, INDEX);
    assertEquals(status, 404);
  },
  { sparse: "refuse" },
);

everywhere(
  "createRegistry({ maxManifestSize }) sets the limit",
  async (registry) => {
    const text = await manifestText({ x: "x".repeat(1000) });
    assertEquals((await putManifest(registry, "app", "t", text)).status, 413);
  },
  { maxManifestSize: 1000 },
);
