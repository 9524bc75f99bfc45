import {
  createRegistry,
  memoryStorage,
  type RegistryServerOptions,
  type ServerEvent,
} from "@gantry/oci/distribution/server";
import { signSchema1 } from "@gantry/oci/image";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  beginUpload,
  digestOf,
  errorCode,
  everywhere,
  INDEX,
  MANIFEST,
  manifestText,
  pushBlob,
  putManifest,
} from "./_registries.ts";
import { visitor } from "./_visitors.ts";

const OLD = await manifestText({ annotations: { n: "old" } });
const NEW = await manifestText({ annotations: { n: "new" } });

for (const kind of ["tag", "manifest", "blob"] as const) {
  everywhere(
    `R76 R77 R79 createRegistry({ deletable }) without ${kind} answers 405`,
    async (registry) => {
      const blob = await pushBlob(registry, "app", "x");
      await putManifest(registry, "app", "v1", OLD);
      const paths = {
        tag: "manifests/v1",
        manifest: `manifests/${await digestOf(OLD)}`,
        blob: `blobs/${blob}`,
      };
      for (const [name, path] of Object.entries(paths)) {
        const init = { method: "DELETE" };
        const response = await registry.call(`/v2/app/${path}`, init);
        const expected = name === kind ? 405 : 202;
        assertEquals([name, response.status], [name, expected]);
        if (name !== kind) await response.body?.cancel();
        else assertEquals(await errorCode(response), "UNSUPPORTED");
      }
    },
    {
      deletable: (["tag", "manifest", "blob"] as const)
        .filter((name) => name !== kind),
    },
  );
}

everywhere(
  "createRegistry({ readOnly }) refuses whatever changes content",
  async (registry) => {
    const digest = await digestOf("x");
    for (
      const [method, path] of [
        ["POST", "/v2/app/blobs/uploads/"],
        ["PATCH", "/v2/app/blobs/uploads/x"],
        ["PUT", "/v2/app/manifests/t"],
        ["DELETE", "/v2/app/manifests/t"],
        ["DELETE", `/v2/app/blobs/${digest}`],
      ] as const
    ) {
      const response = await registry.call(path, { method });
      assertEquals([path, response.status], [path, 405]);
      assertEquals(await errorCode(response), "UNSUPPORTED");
    }
    assertEquals((await registry.head("/v2/")).status, 200);
  },
  { readOnly: true },
);

everywhere(
  "createRegistry({ immutableTags }) keeps what the patterns name",
  async (registry) => {
    const put = async (tag: string, text: string) =>
      (await putManifest(registry, "app", tag, text)).status;
    for (const tag of ["v1", "stable"]) {
      assertEquals(await put(tag, OLD), 201);
      assertEquals(await put(tag, OLD), 201);
      assertEquals([tag, await put(tag, NEW)], [tag, 409]);
    }
    assertEquals(await put("latest", OLD), 201);
    assertEquals(await put("latest", NEW), 201);
    const byDigest = `${await digestOf(NEW)}?tag=free&tag=v1`;
    assertEquals(await put(byDigest, NEW), 409);
    assertEquals((await registry.head("/v2/app/manifests/free")).status, 404);
    const moved = await registry.call("/v2/app/manifests/v1");
    assertEquals(await moved.text(), OLD);
  },
  { immutableTags: ["v*", "stable"] },
);

everywhere(
  "createRegistry({ immutableTags }) lets one of many at once win",
  async (registry) => {
    const texts = await Promise.all(
      Array.from({ length: 8 }, (_, n) => manifestText({ n })),
    );
    const all = await Promise.all(
      texts.map((text) => putManifest(registry, "app", "v1", text)),
    );
    const statuses = all.map(({ status }) => status).sort();
    assertEquals(statuses, [201, ...Array(7).fill(409)]);
  },
  { immutableTags: true },
);

everywhere(
  "createRegistry({ manifestTypes, blobTypes }) answers 415 to others",
  async (registry) => {
    const put = (type: string) =>
      putManifest(
        registry,
        "app",
        "v1",
        '{"schemaVersion":2,"manifests":[]}',
        type,
      );
    assertEquals((await put(INDEX)).status, 201);
    assertEquals((await put("application/vnd.example+json")).status, 415);
    const digest = await digestOf("x");
    const push = async (type: string | undefined) => {
      const path = `/v2/app/blobs/uploads/?digest=${digest}`;
      const headers: HeadersInit = type === undefined
        ? {}
        : { "content-type": type };
      const body = new TextEncoder().encode("x");
      const init = { method: "POST", body, headers };
      return (await registry.head(path, init)).status;
    };
    assertEquals(await push("application/octet-stream"), 201);
    assertEquals(await push(undefined), 201);
    assertEquals(await push("text/html"), 415);
    const location = await beginUpload(registry, "app");
    const headers = { "content-type": "text/html" };
    const init = { method: "PATCH", body: "x", headers };
    assertEquals((await registry.head(location, init)).status, 415);
    assertEquals((await registry.head(location)).status, 204);
  },
  { manifestTypes: [INDEX], blobTypes: ["application/octet-stream"] },
);

const SCHEMA_1 = {
  schemaVersion: 1,
  name: "library/hello",
  tag: "latest",
  architecture: "amd64",
  fsLayers: [],
  history: [],
} as const;

everywhere(
  "createRegistry({ schema1 }) keeps schema 1 under its payload's digest",
  async (registry) => {
    const { bytes, descriptor } = await signSchema1(SCHEMA_1);
    const put = (reference: string, body: Uint8Array<ArrayBuffer>) =>
      registry.head(`/v2/app/manifests/${reference}`, {
        method: "PUT",
        body,
        headers: { "content-type": descriptor.mediaType },
      });
    for (const reference of ["v1", descriptor.digest]) {
      const pushed = await put(reference, bytes);
      assertEquals(pushed.status, 201);
      const { headers } = pushed;
      assertEquals(headers.get("docker-content-digest"), descriptor.digest);
      const pulled = await registry.call(`/v2/app/manifests/${reference}`);
      assertEquals(pulled.headers.get("content-type"), descriptor.mediaType);
      assertEquals(await pulled.bytes(), bytes);
    }
    assertEquals((await put(String(await digestOf(bytes)), bytes)).status, 400);
    // What stands beside the signed content would be read, and was not signed.
    const text = new TextDecoder().decode(bytes);
    const broken = text.replace('"signatures"', '"x":1,"signatures"');
    const refused = await put("v2", new TextEncoder().encode(broken));
    assertEquals(refused.status, 400);
  },
  { schema1: "accept" },
);

everywhere(
  "R85 createRegistry({ maxUploads }) answers 429 with Retry-After",
  async (registry) => {
    const locations = await Promise.all(
      [1, 2, 3].map(() => beginUpload(registry, "app")),
    );
    const path = "/v2/app/blobs/uploads/";
    const refused = await registry.call(path, { method: "POST" });
    assertEquals(refused.status, 429);
    assertEquals(await errorCode(refused), "TOOMANYREQUESTS");
    assertEquals(refused.headers.get("retry-after"), "60");
    await registry.head(locations[0]!, { method: "DELETE" });
    await beginUpload(registry, "app");
  },
  { maxUploads: 3 },
);

Deno.test("createRegistry({ maxUploads }) counts uploads no more that expired", async () => {
  const registry = visitor(createRegistry({ maxUploads: 1, uploadExpiry: 0 }));
  await beginUpload(registry, "app");
  for (let tries = 0;; tries++) {
    const path = "/v2/app/blobs/uploads/";
    const { status } = await registry.head(path, { method: "POST" });
    if (status === 202) break;
    assert(tries < 100_000);
  }
});

everywhere(
  "createRegistry({ bodyTimeout }) gives up a body that stands still",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    let stalled: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        stalled = controller;
        controller.enqueue(new TextEncoder().encode("abc"));
      },
    });
    const init = { method: "PATCH", body, duplex: "half" } as RequestInit;
    // Over HTTP the connection may be cut before the answer is seen.
    const seen = await registry.head(location, init).then(
      ({ status }) => status,
      () => 408,
    );
    assertEquals(seen, 408);
    try {
      stalled!.close();
    } catch {
      // It is cancelled already.
    }
    const { headers } = await registry.head(location);
    assertEquals(headers.get("range"), "0-2");
  },
  { bodyTimeout: 50 },
);

Deno.test("createRegistry({ rateLimit }) counts each client by itself", async () => {
  const events: ServerEvent[] = [];
  const registry = createRegistry({
    rateLimit: { requests: 3, window: 3_600_000 },
    onEvent: (event) => events.push(event),
  });
  const ask = async (hostname?: string) => {
    const context = hostname === undefined ? {} : { remoteAddr: { hostname } };
    const request = new Request("http://registry.test/v2/");
    return await registry.fetch(request, context);
  };
  for (let n = 0; n < 3; n++) assertEquals((await ask("::1")).status, 200);
  const refused = await ask("::1");
  assertEquals(refused.status, 429);
  assertEquals(await errorCode(refused), "TOOMANYREQUESTS");
  assert(Number(refused.headers.get("retry-after")) > 1000);
  assertEquals((await ask("::2")).status, 200);
  assertEquals((await ask()).status, 200);
  const [first, , , fourth] = events;
  assert(first?.type === "request" && fourth?.type === "request");
  assertEquals([first.address, fourth.status], ["::1", 429]);
  assertThrows(
    () => createRegistry({ rateLimit: { requests: 0, window: 1 } }),
    RangeError,
  );
});

Deno.test("createRegistry({ rateLimit }) lets a client go on after a while", async () => {
  const registry = createRegistry({ rateLimit: { requests: 1, window: 5 } });
  const ask = async () =>
    (await registry.fetch(new Request("http://registry.test/v2/"))).status;
  assertEquals(await ask(), 200);
  while (await ask() !== 200) await new Promise((done) => setTimeout(done, 1));
});

/** The URLs that a registry points a client to. */
async function pointers(
  options: RegistryServerOptions,
  headers: Record<string, string> = {},
): Promise<string[]> {
  const base = options.basePath ?? "";
  const registry = visitor(createRegistry(options), headers);
  const text = await manifestText();
  const begun = await registry.head(`${base}/v2/app/blobs/uploads/`, {
    method: "POST",
  });
  const pushed: string[] = [];
  for (const tag of ["a", "b"]) {
    const { headers } = await registry.head(`${base}/v2/app/manifests/${tag}`, {
      method: "PUT",
      body: text,
      headers: { "content-type": MANIFEST },
    });
    pushed.push(headers.get("location")!);
  }
  const list = await registry.head(`${base}/v2/app/tags/list?n=1`);
  const link = /^<(.+)>/.exec(list.headers.get("link")!)![1]!;
  return [begun.headers.get("location")!, pushed[0]!, link];
}

Deno.test("createRegistry() points to where it is seen from outside", async () => {
  const forwarded = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example, registry.example:8443",
    "x-forwarded-prefix": "/sub",
  };
  const cases: readonly [
    RegistryServerOptions,
    Record<string, string>,
    string,
  ][] = [
    [{}, {}, ""],
    [{}, forwarded, ""],
    [{ basePath: "/oci/x" }, {}, "/oci/x"],
    [{ basePath: "/oci/" }, {}, "/oci"],
    [{ externalUrl: "https://r.example/sub/" }, {}, "https://r.example/sub"],
    [
      { externalUrl: "https://r.example", trustForwarded: true },
      forwarded,
      "https://r.example",
    ],
    [
      { trustForwarded: true },
      forwarded,
      "https://registry.example:8443/sub",
    ],
    [{ trustForwarded: true }, {}, ""],
    [
      { trustForwarded: true },
      { "x-forwarded-host": "a.example", "x-forwarded-proto": "javascript" },
      "http://a.example",
    ],
    [
      { trustForwarded: true },
      { "x-forwarded-host": 'a.example/"><x', "x-forwarded-prefix": "//b" },
      "",
    ],
  ];
  for (const [options, headers, prefix] of cases) {
    const basePath = options.basePath?.replace(/\/$/, "");
    const all = await pointers(
      basePath === undefined ? options : { ...options, basePath },
      headers,
    );
    for (const url of all) assert(url.startsWith(`${prefix}/v2/app/`), url);
  }
  assertThrows(() => createRegistry({ basePath: "x" }), TypeError);
  assertThrows(() => createRegistry({ basePath: "/../x y" }), TypeError);
  for (const externalUrl of ["x", "ftp://x", "https://u:p@x", "https://x/?a"]) {
    assertThrows(() => createRegistry({ externalUrl }), TypeError);
  }
});

Deno.test("createRegistry({ basePath }) answers nowhere else", async () => {
  const registry = visitor(createRegistry({ basePath: "/oci" }));
  const statuses: number[] = [];
  for (
    const path of ["/oci/v2/", "/v2/", "/ocix/v2/", "/oci", "/oci/oci/v2/"]
  ) {
    statuses.push((await registry.head(path)).status);
  }
  assertEquals(statuses, [200, 404, 404, 404, 404]);
});

Deno.test("createRegistry({ cors }) lets the pages of some origins in", async () => {
  const registry = createRegistry({
    authenticate: () => undefined,
    cors: { origins: ["https://ui.example"], maxAge: 5 },
  });
  const ask = async (origin: string, method = "GET") => {
    const request = new Request("http://registry.test/v2/", { method });
    const headers = { origin, "access-control-request-method": "PUT" };
    // In a browser no script may set these: there it is the browser that does.
    Object.defineProperty(request, "headers", { value: new Headers(headers) });
    const response = await registry.fetch(request);
    await response.body?.cancel();
    return response;
  };
  const asked = await ask("https://ui.example", "OPTIONS");
  assertEquals(asked.status, 204);
  const allowed = (name: string) => asked.headers.get(`access-control-${name}`);
  assertEquals(allowed("allow-origin"), "https://ui.example");
  assertEquals(allowed("max-age"), "5");
  assert(allowed("allow-methods")!.includes("PATCH"));
  assert(allowed("allow-headers")!.includes("Authorization"));
  assertEquals(allowed("allow-credentials"), null);
  const refused = await ask("https://ui.example");
  assertEquals(refused.status, 401);
  const { headers } = refused;
  assert(headers.get("access-control-expose-headers")!.includes("Location"));
  assertEquals(headers.get("vary"), "Origin");
  const other = await ask("https://evil.example");
  assertEquals(other.headers.get("access-control-allow-origin"), null);
  const plain = await visitor(createRegistry()).head("/v2/", {
    method: "OPTIONS",
  });
  assertEquals(plain.status, 405);
});

Deno.test("createRegistry() answers 507 where its storage is full, and 500 where it fails", async () => {
  for (
    const [code, expected] of [["ENOSPC", 507], ["EDQUOT", 507], ["EIO", 500]]
  ) {
    const storage = memoryStorage();
    const seen: unknown[] = [];
    const error = Object.assign(new Error("/secret/place"), { code });
    storage.writeManifest = () => Promise.reject(error);
    const { fetch } = createRegistry({
      storage,
      onEvent: (event) => {
        if (event.type === "error") seen.push(event.error);
      },
    });
    const answer = await fetch(
      new Request("http://registry.test/v2/app/manifests/v1", {
        method: "PUT",
        headers: { "content-type": INDEX },
        body: '{"schemaVersion":2,"manifests":[]}',
      }),
    );
    assertEquals(answer.status, expected);
    assert(!(await answer.text()).includes("secret"));
    assertEquals(seen, [error]);
  }
});
