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
  "R50 exact bytes are kept",
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
  "R51 a tag is moved, and what it pointed at stays",
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
  "R52 a manifest keeps the digest that it was pushed with",
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
  "R57 all kinds of manifests are accepted",
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
  "R49 documents that are no manifests are refused",
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
  "R54 a manifest over 4 MiB is 413",
  async (registry) => {
    const room = 4 * 1024 * 1024 - (await manifestText({ x: "" })).length;
    const fits = await manifestText({ x: "x".repeat(room) });
    const large = await manifestText({ x: "x".repeat(room + 1) });
    assertEquals((await putManifest(registry, "app", "t", fits)).status, 201);
    assertEquals((await putManifest(registry, "app", "t", large)).status, 413);
  },
);

Deno.test("R54 a manifest that never ends is 413 while it arrives", async () => {
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
  "R77 a manifest is deleted with its tags",
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
  "R56 sparse manifests can be refused",
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
  "R48 parameters of the Content-Type do not matter",
  async (registry) => {
    const text = await manifestText({ mediaType: undefined });
    for (const type of [`${MANIFEST};charset=utf-8`, `${MANIFEST} ; a="b;c"`]) {
      const pushed = await putManifest(registry, "app", "v1", text, type);
      assertEquals(pushed.status, 201);
      const { headers } = await registry.head("/v2/app/manifests/v1");
      assertEquals(headers.get("content-type"), MANIFEST);
    }
  },
);

everywhere("R53 a push by digest sets tags", async (registry) => {
  const text = await manifestText();
  const digest = await digestOf(text);
  const tags = Array.from({ length: 50 }, (_, n) => `v${n}`);
  const query = (list: readonly string[]) =>
    `${digest}?${list.map((tag) => `tag=${tag}`).join("&")}`;
  const pushed = await putManifest(registry, "app", query(tags), text);
  assertEquals(pushed.status, 201);
  assertEquals(pushed.headers.get("oci-tag"), tags.join(", "));
  for (const tag of ["v0", "v49"]) {
    const { headers } = await registry.head(`/v2/app/manifests/${tag}`);
    assertEquals(headers.get("docker-content-digest"), digest);
  }
  const many = Array.from({ length: 201 }, (_, n) => `t${n}`);
  const flooded = await putManifest(registry, "app", query(many), text);
  assertEquals(flooded.status, 414);
  const wrong = await putManifest(registry, "app", query(["a", ".b"]), text);
  assertEquals(wrong.status, 400);
  assertEquals((await registry.head("/v2/app/manifests/a")).status, 404);
  // To push by tag sets that tag alone, and tells nothing of it.
  const plain = await putManifest(registry, "app", "x?tag=y", text);
  assertEquals(plain.headers.get("oci-tag"), null);
  assertEquals((await registry.head("/v2/app/manifests/y")).status, 404);
});

everywhere("R55 the subject may be absent", async (registry) => {
  const text = await manifestText({ subject });
  const pushed = await putManifest(registry, "app", "v1", text);
  assertEquals(pushed.status, 201);
});

everywhere("R58 a subject is answered by OCI-Subject", async (registry) => {
  const index = JSON.stringify({ schemaVersion: 2, manifests: [], subject });
  const documents = {
    [MANIFEST]: await manifestText({ subject }),
    [INDEX]: index,
  };
  for (const [type, text] of Object.entries(documents)) {
    for (const reference of ["v1", await digestOf(text)]) {
      const pushed = await putManifest(registry, "app", reference, text, type);
      assertEquals(pushed.headers.get("oci-subject"), subject.digest);
    }
  }
  const plain = await putManifest(registry, "app", "v1", await manifestText());
  assertEquals(plain.headers.get("oci-subject"), null);
});

everywhere("R76 a tag is deleted alone", async (registry) => {
  const text = await manifestText();
  for (const tag of ["a", "b"]) await putManifest(registry, "app", tag, text);
  const path = "/v2/app/manifests/a";
  const gone = await registry.head(path, { method: "DELETE" });
  assertEquals(gone.status, 202);
  const again = await registry.call(path, { method: "DELETE" });
  assertEquals(again.status, 404);
  assertEquals(await errorCode(again), "MANIFEST_UNKNOWN");
  assertEquals((await registry.head(path)).status, 404);
  for (const reference of ["b", await digestOf(text)]) {
    const kept = await registry.head(`/v2/app/manifests/${reference}`);
    assertEquals(kept.status, 200);
  }
});

everywhere(
  "createRegistry({ maxManifestSize }) sets the limit",
  async (registry) => {
    const text = await manifestText({ x: "x".repeat(1000) });
    assertEquals((await putManifest(registry, "app", "t", text)).status, 413);
  },
  { maxManifestSize: 1000 },
);
