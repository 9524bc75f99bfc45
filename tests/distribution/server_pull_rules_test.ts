/** What the distribution specification demands of a registry: names and pulls. */
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
  type Registry,
} from "./_registries.ts";

async function statusOf(
  registry: Registry,
  method: string,
  path: string,
  body?: string,
): Promise<number> {
  const type = { "content-type": MANIFEST };
  const init = body === undefined ? {} : { body, headers: type };
  return (await registry.head(path, { method, ...init })).status;
}

const NAMES: Readonly<Record<string, boolean>> = {
  a: true,
  "0": true,
  "a.b_c__d-e---f": true,
  "team/app": true,
  "a/b/c/d/e/f": true,
  "tags/list": true,
  "manifests/v2/uploads": true,
  A: false,
  "a/B": false,
  "-a": false,
  "a-": false,
  "a..b": false,
  "a___b": false,
  "a._b": false,
  "a//b": false,
  "a/": false,
  "a%20b": false,
  "é": false,
};

everywhere("R1 a name follows the grammar", async (registry) => {
  const text = await manifestText();
  for (const [name, valid] of Object.entries(NAMES)) {
    const path = `/v2/${name}/manifests/v1`;
    const expected = valid ? [201, 200] : [400, 400];
    const seen = [
      await statusOf(registry, "PUT", path, text),
      await statusOf(registry, "GET", path),
    ];
    assertEquals([name, ...seen], [name, ...expected]);
  }
});

everywhere("R2 a name with its host has 255 characters", async (registry) => {
  const push = (length: number) =>
    statusOf(registry, "POST", `/v2/${"a".repeat(length)}/blobs/uploads/`);
  assertEquals(await push(200), 202);
  assertEquals(await push(256), 400);
});

everywhere("R3 a tag follows the grammar", async (registry) => {
  const text = await manifestText();
  const tags = {
    a: 201,
    _: 201,
    "0.1-rc_2": 201,
    ["x".repeat(128)]: 201,
    ["x".repeat(129)]: 400,
    ".a": 400,
    "-a": 400,
    "a+b": 400,
    "%20": 400,
    "%c3%a9": 400,
  };
  for (const [tag, expected] of Object.entries(tags)) {
    const path = `/v2/app/manifests/${tag}`;
    const status = await statusOf(registry, "PUT", path, text);
    assertEquals([tag, status], [tag, expected]);
  }
});

everywhere("R4 a colon makes a reference a digest", async (registry) => {
  for (const reference of ["a:b", "sha256:abc", "latest:1", ":", "md5:00"]) {
    const path = `/v2/app/manifests/${reference}`;
    for (const method of ["GET", "DELETE"]) {
      const response = await registry.call(path, { method });
      assertEquals([reference, response.status], [reference, 400]);
      assertEquals(await errorCode(response), "DIGEST_INVALID");
    }
  }
});

everywhere("R5 conditions are those of RFC 9110", async (registry) => {
  const blob = await pushBlob(registry, "app", "abcdefghij");
  const text = await manifestText();
  const manifest = await digestOf(text);
  await putManifest(registry, "app", "v1", text);
  const etags = { blobs: blob, manifests: manifest };
  for (const [kind, digest] of Object.entries(etags)) {
    const path = `/v2/app/${kind}/${digest}`;
    for (
      const condition of [`"${digest}"`, `W/"${digest}"`, `"x", "${digest}"`]
    ) {
      const headers = { "if-none-match": condition };
      const { status } = await registry.head(path, { headers });
      assertEquals([condition, status], [condition, 304]);
    }
    const headers = { "if-none-match": '"other"' };
    assertEquals((await registry.head(path, { headers })).status, 200);
  }
  const part = async (condition: string) => {
    const headers = { range: "bytes=0-1", "if-range": condition };
    const response = await registry.call(`/v2/app/blobs/${blob}`, { headers });
    return await response.text();
  };
  assertEquals(await part(`"${blob}"`), "ab");
  assertEquals(await part('"other"'), "abcdefghij");
});

everywhere("R5 a method that is none is answered 405", async (registry) => {
  const cases = [
    ["POST", "/v2/", "HEAD, GET"],
    ["PUT", "/v2/app/tags/list", "HEAD, GET"],
    ["GET", "/v2/app/blobs/uploads/", "POST"],
    ["PATCH", "/v2/app/manifests/t", "HEAD, GET, PUT, DELETE"],
    ["DELETE", "/v2/_catalog", "HEAD, GET"],
  ] as const;
  for (const [method, path, allow] of cases) {
    const response = await registry.call(path, { method });
    assertEquals([path, response.status], [path, 405]);
    assertEquals(response.headers.get("allow"), allow);
    assertEquals(await errorCode(response), "UNSUPPORTED");
  }
});

everywhere("R8 the base endpoint is there", async (registry) => {
  for (const path of ["/v2/", "/v2"]) {
    assertEquals(await statusOf(registry, "GET", path), 200);
    assertEquals(await statusOf(registry, "HEAD", path), 200);
  }
});

everywhere("R11 the media type has no parameters", async (registry) => {
  const type = `${MANIFEST}; charset=utf-8`;
  const text = await manifestText();
  await putManifest(registry, "app", "v1", text, type);
  const { headers } = await registry.head("/v2/app/manifests/v1");
  assertEquals(headers.get("content-type"), MANIFEST);
});

everywhere("R12 the media type is the pushed one", async (registry) => {
  const types = [
    MANIFEST,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.example.thing+json",
  ];
  for (const mediaType of types) {
    const text = await manifestText({ mediaType });
    await putManifest(registry, "app", "v1", text, mediaType);
    const { headers } = await registry.head("/v2/app/manifests/v1");
    assertEquals(headers.get("content-type"), mediaType);
  }
});

everywhere(
  "R14 a manifest is answered by tag and by digest",
  async (registry) => {
    const text = await manifestText();
    const digest = await digestOf(text);
    await putManifest(registry, "app", "v1", text);
    for (const reference of ["v1", digest, digest.replace(":", "%3A")]) {
      const pulled = await registry.call(`/v2/app/manifests/${reference}`);
      assertEquals([pulled.status, await pulled.text()], [200, text]);
    }
    const absent = await digestOf("absent");
    for (const reference of ["none", ".INVALID", absent]) {
      const pulled = await registry.call(`/v2/app/manifests/${reference}`);
      assertEquals(pulled.status, 404);
      assertEquals(await errorCode(pulled), "MANIFEST_UNKNOWN");
    }
  },
);

everywhere("R15 GET and HEAD tell the digest", async (registry) => {
  for (const algorithm of ["sha256", "sha512"]) {
    const text = await manifestText({ annotations: { algorithm } });
    const manifest = await digestOf(text, algorithm);
    await putManifest(registry, "app", `${manifest}?tag=${algorithm}`, text);
    const blob = await digestOf(algorithm, algorithm);
    const path = `/v2/app/blobs/uploads/?digest=${blob}`;
    await registry.head(path, { method: "POST", body: algorithm });
    for (const method of ["GET", "HEAD"]) {
      const ask = async (path: string) =>
        (await registry.head(path, { method })).headers
          .get("docker-content-digest");
      assertEquals(await ask(`/v2/app/blobs/${blob}`), blob);
      assertEquals(await ask(`/v2/app/manifests/${manifest}`), manifest);
      assertEquals(await ask(`/v2/app/manifests/${algorithm}`), manifest);
    }
  }
});

everywhere("R19 a blob is answered 200, or 404", async (registry) => {
  const digest = await pushBlob(registry, "app", "hello");
  const pulled = await registry.call(`/v2/app/blobs/${digest}`);
  assertEquals([pulled.status, await pulled.text()], [200, "hello"]);
  const absent = await registry.call(`/v2/app/blobs/${await digestOf("no")}`);
  assertEquals(absent.status, 404);
  assertEquals(await errorCode(absent), "BLOB_UNKNOWN");
});

everywhere(
  "R19 a blob of some megabytes comes back whole",
  async (registry) => {
    const bytes = new Uint8Array(5_000_001);
    for (let at = 0; at < bytes.length; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    const digest = await digestOf(bytes);
    const path = `/v2/app/blobs/uploads/?digest=${digest}`;
    await registry.head(path, { method: "POST", body: bytes });
    const pulled = await registry.call(`/v2/app/blobs/${digest}`);
    assertEquals(await digestOf(await pulled.bytes()), digest);
    const part = await registry.call(`/v2/app/blobs/${digest}`, {
      headers: { range: "bytes=262143-1048577" },
    });
    assertEquals(await part.bytes(), bytes.slice(262_143, 1_048_578));
  },
);

const RANGES: readonly {
  readonly range: string;
  readonly status: number;
  readonly body?: string;
  readonly contentRange?: string;
}[] = [
  { range: "bytes=2-4", status: 206, body: "cde", contentRange: "2-4" },
  { range: "bytes=7-", status: 206, body: "hij", contentRange: "7-9" },
  { range: "bytes=-2", status: 206, body: "ij", contentRange: "8-9" },
  { range: "bytes=8-99", status: 206, body: "ij", contentRange: "8-9" },
  { range: "bytes=5-4", status: 416 },
  { range: "bytes=10-", status: 416 },
  { range: "bytes=-99", status: 206, body: "abcdefghij", contentRange: "0-9" },
  { range: "bytes=0-0", status: 206, body: "a", contentRange: "0-0" },
  { range: "bytes=10-12", status: 416 },
  { range: "bytes=-0", status: 416 },
  { range: "bytes=0-1,3-4", status: 200, body: "abcdefghij" },
  { range: "bytes=-", status: 200, body: "abcdefghij" },
  { range: "lines=1-2", status: 200, body: "abcdefghij" },
  { range: "bytes=a-b", status: 200, body: "abcdefghij" },
];

everywhere("R20 a blob is sent in ranges", async (registry) => {
  const digest = await pushBlob(registry, "app", "abcdefghij");
  for (const { range, status, body, contentRange } of RANGES) {
    const response = await registry.call(`/v2/app/blobs/${digest}`, {
      headers: { range },
    });
    const text = await response.text();
    assertEquals([range, response.status], [range, status]);
    if (body !== undefined) assertEquals(text, body);
    const expected = status === 416
      ? "bytes */10"
      : contentRange && `bytes ${contentRange}/10`;
    assertEquals(response.headers.get("content-range"), expected ?? null);
  }
});

everywhere("R21 HEAD tells the size, or 404", async (registry) => {
  const text = await manifestText({ annotations: { a: "é" } });
  await putManifest(registry, "app", "v1", text);
  const blob = await pushBlob(registry, "app", "hello");
  const empty = await pushBlob(registry, "app", "");
  const head = async (path: string) => {
    const response = await registry.head(path, { method: "HEAD" });
    assertEquals(response.body, null);
    return [response.status, response.headers.get("content-length")];
  };
  const size = String(new TextEncoder().encode(text).length);
  assertEquals(await head("/v2/app/manifests/v1"), [200, size]);
  assertEquals(await head(`/v2/app/blobs/${blob}`), [200, "5"]);
  assertEquals(await head(`/v2/app/blobs/${empty}`), [200, "0"]);
  const absent = await digestOf("absent");
  for (const path of ["manifests/none", `blobs/${absent}`]) {
    assertEquals((await head(`/v2/app/${path}`))[0], 404);
  }
});

everywhere("R21 nothing is compressed", async (registry) => {
  const blob = await pushBlob(registry, "app", "a".repeat(10_000));
  const text = await manifestText({ annotations: { a: "a".repeat(10_000) } });
  await putManifest(registry, "app", "v1", text);
  const paths = { [`blobs/${blob}`]: 10_000, "manifests/v1": text.length };
  for (const [path, size] of Object.entries(paths)) {
    const response = await registry.call(`/v2/app/${path}`, {
      headers: { "accept-encoding": "gzip, br, zstd" },
    });
    assertEquals(response.headers.get("content-encoding"), null);
    assertEquals(response.headers.get("content-length"), String(size));
    assertEquals((await response.bytes()).byteLength, size);
  }
});

everywhere("R69 what an unknown repository holds is 404", async (registry) => {
  const digest = await digestOf("x");
  const cases = [
    ["GET", "manifests/v1", "MANIFEST_UNKNOWN"],
    ["GET", `manifests/${digest}`, "MANIFEST_UNKNOWN"],
    ["GET", `blobs/${digest}`, "BLOB_UNKNOWN"],
    ["GET", "tags/list", "NAME_UNKNOWN"],
    ["DELETE", "manifests/v1", "NAME_UNKNOWN"],
    ["DELETE", `blobs/${digest}`, "BLOB_UNKNOWN"],
  ] as const;
  for (const [method, path, code] of cases) {
    const response = await registry.call(`/v2/nowhere/${path}`, { method });
    assertEquals([path, response.status], [path, 404]);
    assertEquals([path, await errorCode(response)], [path, code]);
  }
});

everywhere("R81 a registry that is no proxy takes no ns", async (registry) => {
  await putManifest(registry, "app", "v1", await manifestText());
  const path = "/v2/app/manifests/v1?ns=registry.example";
  const { status, headers } = await registry.head(path);
  assertEquals([status, headers.get("oci-namespace")], [200, null]);
});

everywhere("R83 a refusal is JSON with a code", async (registry) => {
  const digest = await digestOf("x");
  const requests = [
    ["GET", "/v2/A/tags/list", 400, "NAME_INVALID"],
    ["GET", "/v2/nowhere/tags/list", 404, "NAME_UNKNOWN"],
    ["GET", "/v2/app/manifests/none", 404, "MANIFEST_UNKNOWN"],
    ["PUT", "/v2/app/manifests/v1", 400, "MANIFEST_INVALID"],
    ["GET", `/v2/app/blobs/${digest}`, 404, "BLOB_UNKNOWN"],
    ["GET", "/v2/app/blobs/sha256:x", 400, "DIGEST_INVALID"],
    ["PATCH", "/v2/app/blobs/uploads/x", 404, "BLOB_UPLOAD_UNKNOWN"],
    ["GET", "/v2/app/tags/list?n=-1", 400, "PAGINATION_NUMBER_INVALID"],
    ["POST", "/v2/", 405, "UNSUPPORTED"],
  ] as const;
  for (const [method, path, status, code] of requests) {
    const response = await registry.call(path, { method });
    assertEquals([path, response.status], [path, status]);
    assertEquals(response.headers.get("content-type"), "application/json");
    const { errors } = await response.json();
    assertEquals([path, errors.length, errors[0].code], [path, 1, code]);
    assert(/^[A-Z_]+$/.test(code));
    assertEquals(typeof errors[0].message, "string");
  }
});

everywhere("R86 nothing is answered with a warning", async (registry) => {
  await putManifest(registry, "app", "v1", await manifestText(), MANIFEST);
  const index = JSON.stringify({ schemaVersion: 2, manifests: [] });
  await putManifest(registry, "app", "v2", index, INDEX);
  const paths = ["/v2/", "/v2/app/manifests/v1", "/v2/app/tags/list", "/v2/x"];
  for (const path of paths) {
    assertEquals((await registry.head(path)).headers.get("warning"), null);
  }
});

/** Headers of a connection or a moment, and not of what is told. */
const HOP_BY_HOP = ["connection", "date", "keep-alive", "transfer-encoding"];

everywhere(
  "R21 HEAD tells everywhere what GET would send",
  async (registry) => {
    const digest = await pushBlob(registry, "app", "x");
    await putManifest(registry, "app", "v1", await manifestText());
    const paths = [
      "/v2/",
      "/v2/_catalog",
      "/v2/app/tags/list",
      "/v2/app/manifests/v1",
      `/v2/app/blobs/${digest}`,
      `/v2/app/referrers/${digest}`,
      "/v2/app/manifests/v2",
      "/v2/none/tags/list",
      "/v2/None/tags/list",
      "/v3/",
    ];
    for (const path of paths) {
      const get = await registry.call(path);
      const { byteLength } = await get.arrayBuffer();
      const head = await registry.call(path, { method: "HEAD" });
      assertEquals(await head.text(), "");
      const told = (response: Response) => {
        const headers = new Headers(response.headers);
        headers.set("content-length", String(byteLength));
        for (const name of HOP_BY_HOP) {
          headers.delete(name);
        }
        return [path, response.status, [...headers]];
      };
      assertEquals(told(head), told(get));
      assertEquals(head.headers.get("content-length"), String(byteLength));
    }
  },
);

everywhere(
  "R20 the unit of a range may be written in any case",
  async (registry) => {
    const digest = await pushBlob(registry, "app", "abc");
    const part = await registry.call(`/v2/app/blobs/${digest}`, {
      headers: { range: "Bytes=1-1" },
    });
    assertEquals([part.status, await part.text()], [206, "b"]);
  },
);
