import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  Digest,
  DigestError,
  DigestMismatchError,
  SizeMismatchError,
} from "@gantry/oci/digest";
import { MediaTypes, ValidationError } from "@gantry/oci/image";
import {
  ConnectionError,
  DeniedError,
  fromHandler,
  InvalidReferenceError,
  NotFoundError,
  ProtocolError,
  RegistryClient,
  RegistryError,
  SecurityError,
  type Source,
  toSource,
  type TransportRequest,
  UnauthorizedError,
  wrapTransport,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { describe, repository, textOf } from "./_repository.ts";

const INDEX = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');

const INDEX_TYPE = { mediaType: MediaTypes.index };

Deno.test("blobs.push() uploads once, and blobs.get() gives the content back", async () => {
  const { repository: { blobs }, log } = repository();
  const hello = await describe("hello");
  assertEquals(await blobs.exists(hello), false);
  assertEquals(await blobs.push(hello, toSource("hello")), "uploaded");
  assertEquals(await blobs.exists(hello), true);
  assertEquals(await blobs.push(hello, toSource("hello")), "exists");
  assertEquals((await blobs.head(hello.digest)).size, 5);
  assertEquals(await textOf(blobs.get(hello)), "hello");
  assertEquals(await textOf(blobs.get(hello, { offset: 2 })), "llo");
  assertEquals(await textOf(blobs.get(hello, { offset: 5 })), "");
  assertEquals(
    log.filter((line) => !/^(HEAD|GET)/.test(line)).map((line) =>
      line.split(" ").at(0)
    ),
    ["POST", "PUT"],
  );
});

Deno.test("blobs.push() carries an empty blob", async () => {
  const { repository: { blobs } } = repository();
  const empty = await describe("");
  assertEquals(await blobs.push(empty, toSource("")), "uploaded");
  assertEquals(await textOf(blobs.get(empty)), "");
});

Deno.test("blobs.push() in parts gives the same blob", async () => {
  const { repository: { blobs }, log } = repository();
  const text = "0123456789".repeat(25);
  const descriptor = await describe(text);
  assertEquals(
    await blobs.push(descriptor, toSource(text), { chunkSize: 100 }),
    "uploaded",
  );
  assertEquals(await textOf(blobs.get(descriptor)), text);
  assertEquals(log.filter((line) => line.startsWith("PATCH")).length, 3);
});

Deno.test("blobs.push() uploads in parts where the transport cannot send a longer body", async () => {
  const registry = createRegistry();
  const base = Object.assign(fromHandler(registry.fetch), { maxBodySize: 10 });
  const lengths: number[] = [];
  const transport = wrapTransport(base, (request) => {
    if (request.method === "PATCH") {
      lengths.push((request.body as Source).size);
    }
    return base(request);
  });
  const { blobs } = new RegistryClient("registry.example", { transport })
    .repository("a");
  const text = "0123456789abcdefghijklmno";
  await blobs.push(await describe(text), toSource(text));
  assertEquals(lengths, [10, 10, 5]);
  assertEquals(await textOf(blobs.get(await describe(text))), text);
});

Deno.test("blobs.push() mounts from another repository, and uploads where that fails", async () => {
  const { repository: target, log } = repository();
  const hello = await describe("hello");
  const source = target.client.repository("team/base");
  await source.blobs.push(hello, toSource("hello"));
  log.length = 0;
  const never = {
    size: 5,
    open: (): never => {
      throw new Error("a mounted blob must not be read");
    },
  };
  assertEquals(
    await target.blobs.push(hello, never, { mount: { from: "team/base" } }),
    "mounted",
  );
  assertEquals(log.length, 1);
  const other = await describe("other");
  const mount = { from: "team/nothing" };
  assertEquals(
    await target.blobs.push(other, toSource("other"), { mount }),
    "uploaded",
  );
  assertEquals(await textOf(target.blobs.get(other)), "other");
});

for (const status of [401, 403, 404, 405]) {
  Deno.test(`blobs.push() uploads where the mount is answered with ${status}`, async () => {
    const { repository: { blobs } } = repository((request) =>
      request.url.includes("mount=")
        ? new Response(null, { status })
        : undefined
    );
    const hello = await describe("hello");
    const result = await blobs.push(hello, toSource("hello"), {
      mount: { from: "team/base" },
    });
    assertEquals(result, "uploaded");
  });
}

Deno.test("blobs.push() opens its source again in a new session after a 503", async () => {
  let failures = 2;
  const { repository: { blobs }, log } = repository((request) => {
    if (request.method !== "PUT" || failures-- <= 0) return undefined;
    return new Response(null, { status: 503 });
  });
  const hello = await describe("hello");
  let opened = 0;
  const source = {
    size: 5,
    open: () => (opened++, new Blob(["hello"]).stream()),
  };
  assertEquals(await blobs.push(hello, source), "uploaded");
  assertEquals(log.filter((line) => line.startsWith("POST")).length, 3);
  // Each failed session was cancelled.
  assertEquals(log.filter((line) => line.startsWith("DELETE")).length, 2);
  assert(opened >= 1);
  assertEquals(await textOf(blobs.get(hello)), "hello");
});

Deno.test("blobs.push() fails with the registry's words when the content is another", async () => {
  const { repository: { blobs } } = repository();
  const hello = await describe("hello");
  const error = await assertRejects(
    () => blobs.push(hello, toSource("jello")),
    RegistryError,
  );
  assertEquals([error.status, error.code], [400, "DIGEST_INVALID"]);
  assertStringIncludes(
    error.message,
    `Cannot push blob ${hello.digest} to team/app: registry`,
  );
  assertEquals(await blobs.exists(hello), false);
  await assertRejects(() => blobs.push(hello, toSource("longer")), RangeError);
});

Deno.test("blobs.push() keeps a location's parameters, and follows it to another host", async () => {
  const registry = createRegistry();
  const hosts: string[] = [];
  const base = fromHandler(async (request) => {
    const url = new URL(request.url);
    hosts.push(
      `${request.method} ${url.host} ${request.headers.has("x-secret")}`,
    );
    if (url.host === "uploads.example") {
      assertEquals(url.searchParams.get("_state"), "a+b/=");
      url.host = "registry.example";
    }
    const answer = await registry.fetch(new Request(url, request));
    if (answer.status !== 202) return answer;
    const location = new URL(
      answer.headers.get("location")!,
      "https://uploads.example",
    );
    const headers = new Headers(answer.headers);
    headers.set(
      "location",
      `https://uploads.example${location.pathname}?_state=a%2Bb/=`,
    );
    return new Response(null, { status: 202, headers });
  });
  const { blobs } = new RegistryClient("registry.example", {
    transport: base,
    headers: { "X-Secret": "s3cret" },
  }).repository("team/app");
  await blobs.push(await describe("hello"), toSource("hello"));
  assertEquals(hosts, [
    "HEAD registry.example true",
    "POST registry.example true",
    "PUT uploads.example false",
  ]);
});

const BAD_LOCATIONS: [string, string | null, string][] = [
  ["none", null, "LOCATION_MISSING"],
  ["no URL", "https://[", "LOCATION_INVALID"],
  ["a step down to http", "http://registry.example/v2/x", "LOCATION_DOWNGRADE"],
  ["the loopback", "https://127.0.0.1/v2/x", "LOCATION_PRIVATE"],
  ["a cloud's metadata", "https://169.254.169.254/v2/x", "LOCATION_PRIVATE"],
];

for (const [name, location, code] of BAD_LOCATIONS) {
  Deno.test(`blobs.push() refuses an upload location that is ${name}`, async () => {
    const { repository: { blobs } } = repository((request) =>
      request.method === "POST"
        ? new Response(null, {
          status: 202,
          headers: location === null ? {} : { location },
        })
        : undefined
    );
    const error = await assertRejects(async () =>
      await blobs.push(await describe("hello"), toSource("hello"))
    );
    assert(error instanceof ProtocolError || error instanceof SecurityError);
    assertEquals(error.code, code);
  });
}

Deno.test("blobs.get() refuses tampered, short and long content", async () => {
  const hello = await describe("hello");
  const cases: [string, unknown][] = [["jello", DigestMismatchError], [
    "hello you",
    SizeMismatchError,
  ]];
  for (const [body, expected] of cases) {
    const { repository: { blobs } } = repository(() => new Response(body));
    const error = await assertRejects(() => textOf(blobs.get(hello)));
    assert(
      error instanceof (expected as typeof DigestMismatchError),
      String(error),
    );
  }
});

/** A body that breaks off after some bytes. */
function broken(
  bytes: Uint8Array<ArrayBuffer>,
  url: string,
): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) {
        throw new ConnectionError("CONNECTION_RESET", "cut", {
          method: "GET",
          url,
        });
      }
      sent = true;
      controller.enqueue(bytes);
    },
  });
}

for (const ranges of [true, false]) {
  const by = ranges ? "by Range" : "from the start where ranges are not served";
  Deno.test(`blobs.get() takes a broken body up again ${by}`, async () => {
    const text = "0123456789";
    const bytes = new TextEncoder().encode(text);
    const descriptor = await describe(text);
    const asked: (string | null)[] = [];
    const { repository: { blobs } } = repository((request) => {
      const range = request.headers.get("range");
      asked.push(range);
      const start = ranges ? Number(/\d+/.exec(range ?? "0")) : 0;
      const end = Math.min(
        bytes.length,
        (ranges ? start : 3 * asked.length - 3) + 3,
      );
      const part = bytes.slice(start, end);
      const whole = end === bytes.length;
      return new Response(whole ? part : broken(part, request.url), {
        status: start === 0 ? 200 : 206,
        headers: start === 0 ? {} : { "content-range": `bytes ${start}-9/10` },
      });
    });
    assertEquals(await textOf(blobs.get(descriptor)), text);
    assertEquals(asked, [null, "bytes=3-", "bytes=6-", "bytes=9-"]);
  });
}

Deno.test("blobs.get() gives up on a body that never gets on", async () => {
  const hello = await describe("hello");
  let requests = 0;
  const { repository: { blobs } } = repository((request) => {
    requests++;
    return new Response(broken(new Uint8Array(), request.url));
  }, { retry: { baseDelay: 1, maxAttempts: 3 } });
  await assertRejects(() => textOf(blobs.get(hello)), ConnectionError);
  assertEquals(requests, 3);
});

Deno.test("blobs.get() takes up a body that ends early without a fault", async () => {
  const hello = await describe("hello");
  const { repository: { blobs } } = repository((request) =>
    request.headers.has("range")
      ? new Response("lo", {
        status: 206,
        headers: { "content-range": "bytes 3-4/5" },
      })
      : new Response("hel")
  );
  assertEquals(await textOf(blobs.get(hello)), "hello");
});

Deno.test("blobs.get() refuses another range than it asked for", async () => {
  const hello = await describe("hello");
  const { repository: { blobs } } = repository(() =>
    new Response("llo", {
      status: 206,
      headers: { "content-range": "bytes 0-2/5" },
    })
  );
  const error = await assertRejects(
    () => blobs.get(hello, { offset: 2 }),
    ProtocolError,
  );
  assertEquals(error.code, "RANGE_INVALID");
  await assertRejects(() => blobs.get(hello, { offset: 6 }), RangeError);
  await assertRejects(() => blobs.get(hello, { offset: -1 }), RangeError);
});

Deno.test("blobs.get() refuses more than the rest of a blob", async () => {
  const hello = await describe("hello");
  const { repository: { blobs } } = repository(() =>
    new Response("llo you", {
      status: 206,
      headers: { "content-range": "bytes 2-8/9" },
    })
  );
  await assertRejects(
    () => textOf(blobs.get(hello, { offset: 2 })),
    SizeMismatchError,
  );
});

Deno.test("blobs.get() asks for nothing more once its reader has gone", async () => {
  const hello = await describe("hello");
  let requests = 0;
  let open = 0;
  const stalled = () => {
    open++;
    return new ReadableStream({ cancel: () => void open-- });
  };
  // Gone while the first body stalls.
  const first = repository(() => {
    requests++;
    return new Response(stalled());
  });
  const reader = (await first.repository.blobs.get(hello)).getReader();
  const pending = reader.read();
  await reader.cancel();
  assertEquals((await pending).done, true);
  // Gone while the body that broke is taken up again.
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<Response>();
  const second = repository((request) => {
    requests++;
    if (!request.headers.has("range")) return new Response("he");
    asked.resolve();
    return answered.promise;
  });
  const resumed = (await second.repository.blobs.get(hello)).getReader();
  await resumed.read();
  const rest = resumed.read();
  await asked.promise;
  await resumed.cancel();
  assertEquals((await rest).done, true);
  const headers = { "content-range": "bytes 2-4/5" };
  answered.resolve(new Response(stalled(), { status: 206, headers }));
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([requests, open], [3, 0]);
});

Deno.test("blobs.push() refuses parts that are no parts", async () => {
  const { repository: { blobs }, log } = repository();
  const hello = await describe("hello");
  for (const chunkSize of [0, -1, 1.5, NaN]) {
    await assertRejects(
      () => blobs.push(hello, toSource("hello"), { chunkSize }),
      RangeError,
      `${chunkSize}`,
    );
  }
  assertEquals(log, []);
});

Deno.test("blobs and manifests refuse malformed digests before anything is sent", async () => {
  const { repository: { blobs, manifests }, log } = repository();
  for (
    const digest of [
      "sha256:../../x",
      "sha256:abc",
      "..:x",
      "SHA256:" + "0".repeat(64),
    ]
  ) {
    await assertRejects(() => blobs.head(digest), DigestError);
    await assertRejects(() => blobs.exists({ digest }), DigestError);
    await assertRejects(() => blobs.get({ digest, size: 1 }), DigestError);
    await assertRejects(() => blobs.delete(digest), DigestError);
    await assertRejects(() => manifests.get(digest), InvalidReferenceError);
    await assertRejects(
      () => manifests.put(digest, INDEX, INDEX_TYPE),
      InvalidReferenceError,
    );
  }
  for (const tag of ["../x", "a b", "", "%2e%2e"]) {
    await assertRejects(() => manifests.get(tag), InvalidReferenceError);
  }
  assertEquals(log, []);
});

Deno.test("manifests keep bytes, media type and digest", async () => {
  const { repository: { manifests } } = repository();
  const bytes = new TextEncoder().encode(
    '{ "manifests" : [],\n "schemaVersion": 2, "x-unknown": {"b":1,"a":2} }',
  );
  const descriptor = await manifests.put("v1", bytes, INDEX_TYPE);
  assertEquals(descriptor.digest, String(await Digest.fromBytes(bytes)));
  const got = await manifests.get("v1");
  assertEquals([got.bytes, got.descriptor], [bytes, descriptor]);
  assertEquals((await manifests.get(descriptor.digest)).bytes, bytes);
  assertEquals(await manifests.head("v1"), descriptor);
  assertEquals(await manifests.head(descriptor.digest), descriptor);
});

Deno.test("manifests.put() checks the digest that it pushes under", async () => {
  const { repository: { manifests }, log } = repository();
  const other = String(await Digest.fromString("other"));
  await assertRejects(
    () => manifests.put(other, INDEX, INDEX_TYPE),
    DigestMismatchError,
  );
  assertEquals(log, []);
});

Deno.test("manifests.get() refuses what is not what was asked for", async () => {
  const digest = String(await Digest.fromBytes(INDEX));
  const headers = { "content-type": MediaTypes.index };
  const other = new TextEncoder().encode('{"schemaVersion":2,"manifests":[ ]}');
  {
    const { repository: { manifests } } = repository(() =>
      new Response(other, { headers })
    );
    await assertRejects(() => manifests.get(digest), DigestMismatchError);
  }
  {
    const wrong = { ...headers, "docker-content-digest": digest };
    const { repository: { manifests } } = repository(() =>
      new Response(other, { headers: wrong })
    );
    await assertRejects(() => manifests.get("v1"), DigestMismatchError);
  }
  {
    const bad = { ...headers, "docker-content-digest": "sha256:../../x" };
    const { repository: { manifests } } = repository(() =>
      new Response(INDEX, { headers: bad })
    );
    await assertRejects(() => manifests.get("v1"), ProtocolError);
  }
  {
    // The same bytes under another type (CVE-2021-41190).
    const { repository: { manifests } } = repository(() =>
      new Response('{"schemaVersion":2,"manifests":[],"layers":[]}', {
        headers,
      })
    );
    await assertRejects(() => manifests.get("v1"), ValidationError);
  }
});

Deno.test("manifests.get() refuses an endless body, whatever its header says", async () => {
  for (
    const headers of [{}, { "content-length": "34" }] as Record<
      string,
      string
    >[]
  ) {
    let pulled = 0;
    let cancelled = false;
    const { repository: { manifests } } = repository(() =>
      new Response(
        new ReadableStream({
          pull: (controller) =>
            controller.enqueue(new Uint8Array(65_536 + 0 * pulled++)),
          cancel: () => {
            cancelled = true;
          },
        }),
        { headers: { ...headers, "content-type": MediaTypes.index } },
      )
    );
    const error = await assertRejects(() => manifests.get("v1"), ProtocolError);
    assertEquals(error.code, "BODY_TOO_LARGE");
    assert(pulled < 100 && cancelled);
  }
});

Deno.test("manifests.head() measures the content where the registry names no digest", async () => {
  const { repository: { manifests }, log } = repository((request) => {
    if (!request.url.includes("/manifests/") || request.method === "PUT") {
      return undefined;
    }
    return new Response(request.method === "HEAD" ? null : INDEX, {
      headers: { "content-type": `${MediaTypes.index}; charset=utf-8` },
    });
  });
  assertEquals(await manifests.head("v1"), {
    mediaType: MediaTypes.index,
    digest: String(await Digest.fromBytes(INDEX)),
    size: INDEX.length,
  });
  assertEquals(log.map((line) => line.split(" ")[0]), ["HEAD", "GET"]);
});

Deno.test("manifests.head() measures the content where its length is no number", async () => {
  const digest = String(await Digest.fromBytes(INDEX));
  const { repository: { manifests } } = repository((request) =>
    new Response(request.method === "HEAD" ? null : INDEX, {
      headers: {
        "content-type": MediaTypes.index,
        "content-length": "some",
        "docker-content-digest": digest,
      },
    })
  );
  assertEquals((await manifests.head("v1")).size, INDEX.length);
});

Deno.test("manifests.delete() removes a manifest with its tags, tags.delete() a tag only", async () => {
  const { repository: { manifests, tags } } = repository();
  const { digest } = await manifests.put("v1", INDEX, INDEX_TYPE);
  await manifests.put("v2", INDEX, INDEX_TYPE);
  await tags.delete("v1");
  assertEquals(await Array.fromAsync(tags.list()), ["v2"]);
  await manifests.delete(digest);
  await assertRejects(() => manifests.get("v2"), NotFoundError);
  await assertRejects(() => tags.delete("sha256:abc"), InvalidReferenceError);
});

Deno.test("tags.list() follows the pages, and stops when its reader does", async () => {
  const { repository: { manifests, tags }, log } = repository();
  for (const tag of ["a", "b", "c", "d", "e"]) {
    await manifests.put(tag, INDEX, INDEX_TYPE);
  }
  log.length = 0;
  assertEquals(await Array.fromAsync(tags.list({ pageSize: 2 })), [
    "a",
    "b",
    "c",
    "d",
    "e",
  ]);
  assertEquals(log.length, 3);
  assertEquals(await Array.fromAsync(tags.list({ last: "c" })), ["d", "e"]);
  log.length = 0;
  for await (const tag of tags.list({ pageSize: 2 })) {
    assertEquals(tag, "a");
    break;
  }
  assertEquals(log.length, 1);
});

Deno.test("tags.list() takes null for none, and fails on what is no list", async () => {
  const none = repository(() =>
    Response.json({ name: "team/app", tags: null })
  );
  assertEquals(await Array.fromAsync(none.repository.tags.list()), []);
  for (const body of ["<html>", '{"tags":"v1"}']) {
    const { repository: { tags } } = repository(() => new Response(body));
    await assertRejects(() => Array.fromAsync(tags.list()), ProtocolError);
  }
});

Deno.test("tags.list() follows links neither to other hosts nor without end", async () => {
  const page = (link: string) => () =>
    Response.json({ tags: ["a"] }, {
      headers: { link: `<${link}>; rel="next"` },
    });
  for (
    const link of [
      "https://evil.example/v2/x",
      "http://registry.example/v2/x",
      "//evil.example",
    ]
  ) {
    const { repository: { tags }, log } = repository(page(link));
    await assertRejects(() => Array.fromAsync(tags.list()), SecurityError);
    assertEquals(log.length, 1);
  }
  const { repository: { tags }, log } = repository(
    page("/v2/team/app/tags/list?n=1"),
  );
  const error = await assertRejects(
    () => Array.fromAsync(tags.list()),
    ProtocolError,
  );
  assertEquals([error.code, log.length], ["PAGING_ENDLESS", 2]);
});

Deno.test("tags.list() refuses a link that is no URL, and a page of no size", async () => {
  const { repository: { tags } } = repository(() =>
    Response.json({ tags: ["a"] }, {
      headers: { link: '<https://[>; rel="next"' },
    })
  );
  const error = await assertRejects(
    () => Array.fromAsync(tags.list()),
    ProtocolError,
  );
  assertEquals(error.code, "LINK_INVALID");
  for (const pageSize of [0, -1, 0.5, NaN]) {
    await assertRejects(
      () => Array.fromAsync(tags.list({ pageSize })),
      RangeError,
    );
  }
});

Deno.test("RegistryClient.ping() tells a registry from what is none", async () => {
  await repository().repository.client.ping();
  const missing =
    repository(() => new Response("nope", { status: 404 })).repository.client;
  const error = await assertRejects(() => missing.ping(), NotFoundError);
  assertEquals(error.code, "HTTP_404");
  const closed =
    repository(() => new Response(null, { status: 401 })).repository.client;
  await assertRejects(() => closed.ping(), UnauthorizedError);
});

Deno.test("RegistryClient.catalog() lists the repositories", async () => {
  const { repository: { client } } = repository();
  for (const name of ["b", "a/x", "a"]) {
    await client.repository(name).manifests.put("v1", INDEX, INDEX_TYPE);
  }
  assertEquals(await Array.fromAsync(client.catalog({ pageSize: 2 })), [
    "a",
    "a/x",
    "b",
  ]);
});

Deno.test("RegistryClient names itself, and Docker Hub by its wire host", async () => {
  const seen: TransportRequest[] = [];
  const base = fromHandler(() => new Response("{}"));
  const transport = wrapTransport(
    base,
    (request) => (seen.push(request), base(request)),
  );
  await new RegistryClient("docker.io", { transport }).ping();
  await new RegistryClient("h:1", {
    transport,
    plainHttp: true,
    userAgent: "me/1",
  }).ping();
  assertEquals(seen.map(({ url }) => url.href), [
    "https://registry-1.docker.io/v2/",
    "http://h:1/v2/",
  ]);
  assertEquals(seen[1]!.headers.get("user-agent"), "me/1");
  assert(/^gantry\/\d+\.\d+\.\d+$/.test(seen[0]!.headers.get("user-agent")!));
});

Deno.test("an operation that is aborted fails with the signal's own reason", async () => {
  const hello = await describe("hello");
  const reason = new Error("enough");
  const { repository: { blobs, manifests, tags, client }, log } = repository();
  const signal = AbortSignal.abort(reason);
  for (
    const operation of [
      () => blobs.head(hello.digest, { signal }),
      () => blobs.get(hello, { signal }),
      () => blobs.push(hello, toSource("hello"), { signal }),
      () => manifests.get("v1", { signal }),
      () => manifests.put("v1", INDEX, { ...INDEX_TYPE, signal }),
      () => Array.fromAsync(tags.list({ signal })),
      () => client.ping({ signal }),
    ]
  ) assertEquals(await assertRejects(operation), reason);
  assertEquals(log, []);
});

Deno.test("an error names method, status and redacted URL", async () => {
  const { repository: { manifests } } = repository(() =>
    Response.json({
      errors: [{ code: "DENIED", message: "not for you", detail: { a: 1 } }],
    }, {
      status: 403,
    })
  );
  const error = await assertRejects(() => manifests.get("v1"), RegistryError);
  assertEquals(
    error.message,
    "Cannot pull manifest v1 from team/app: registry answered 403 DENIED: not for you",
  );
  assertEquals([error.name, error.code, error.status, error.method], [
    "DeniedError",
    "DENIED",
    403,
    "GET",
  ]);
  assertEquals(error.errors, [{
    code: "DENIED",
    message: "not for you",
    detail: { a: 1 },
  }]);
});

Deno.test("an error whose detail is nested without end is an error of the registry all the same", async () => {
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  const body = `{"errors":[{"code":"DENIED","message":"no","detail":${deep}}]}`;
  const { repository: { client } } = repository(() =>
    new Response(body, { status: 403 })
  );
  const error = await assertRejects(() => client.ping(), DeniedError);
  assertEquals(error.errors, [{ code: "DENIED", message: "no" }]);
});

Deno.test("an error passes no control characters of the registry's on", async () => {
  const { repository: { manifests } } = repository(() =>
    Response.json({
      errors: [{ code: "DEN\u001b[2JIED", message: "no\r\nDigest: sha256:1" }],
    }, { status: 403 })
  );
  const error = await assertRejects(() => manifests.get("v1"), RegistryError);
  assertEquals(error.errors, [
    { code: "DEN [2JIED", message: "no Digest: sha256:1" },
  ]);
});
