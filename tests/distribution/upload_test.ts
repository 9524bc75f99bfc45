import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ConnectionError,
  NotFoundError,
  ProtocolError,
  RegistryError,
  SecurityError,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  pattern,
  type TestSource,
  testSource,
} from "../_support/test_source.ts";
import { bodySize, describe, repository, textOf } from "./_repository.ts";
import { assertPushed, described, MIB } from "./_uploads.ts";

function cut(request: Request): ConnectionError {
  const { method, url } = request;
  return new ConnectionError("CONNECTION_RESET", "cut", { method, url });
}

/** A request of the log, without what changes from run to run. */
function short(line: string): string {
  return line.replace("/v2/team/app/blobs/", "")
    .replace(/sha(256|512)(:|%3A)[0-9a-f]+/g, "DIGEST")
    .replace(/uploads\/[0-9a-f-]{30,}/, "SESSION");
}

/** A registry that may meddle with the n-th request of each method, counted from 1. */
function meddled(
  meddle: (
    request: Request,
    count: number,
    next: (request: Request) => Promise<Response>,
  ) => Response | undefined | Promise<Response | undefined>,
  options: Parameters<typeof repository>[1] = {},
): {
  app: ReturnType<typeof repository>["repository"];
  log: string[];
  bytes: (method: string) => number[];
} {
  const registry = createRegistry();
  const counts = new Map<string, number>();
  const sizes: [string, number][] = [];
  const { repository: app, log } = repository(async (request) => {
    const { method } = request;
    const count = (counts.get(method) ?? 0) + 1;
    counts.set(method, count);
    sizes.push([method, bodySize(request)]);
    return await meddle(request, count, registry.fetch) ??
      await registry.fetch(request);
  }, options);
  const bytes = (method: string) =>
    sizes.filter(([name]) => name === method).map(([, size]) => size);
  return { app, log, bytes };
}

Deno.test("blobs.push() costs HEAD, POST and PUT, and names another algorithm in the POST (R31)", async () => {
  for (const algorithm of ["sha256", "sha512"] as const) {
    const { repository: app, log } = repository();
    const blob = await described(1000, algorithm);
    await app.blobs.push(blob, testSource(1000));
    const hint = algorithm === "sha512" ? "?digest-algorithm=sha512" : "";
    assertEquals(log.map(short), [
      "HEAD DIGEST 404",
      `POST uploads/${hint} 202`,
      "PUT SESSION?digest=DIGEST 201",
    ]);
    await assertPushed(app, blob);
  }
});

Deno.test("blobs.push() with a single POST costs one request less", async () => {
  const { repository: app, log } = repository();
  const push = async (text: string) =>
    await app.blobs.push(await describe(text), toSource(text), {
      singlePost: true,
    });
  assertEquals(await push("one"), "uploaded");
  assertEquals(log.map(short), [
    "HEAD DIGEST 404",
    "POST uploads/?digest=DIGEST 201",
  ]);
  assertEquals(app.client.capabilities.singlePost, true);
  assertEquals(await textOf(app.blobs.get(await describe("one"))), "one");
});

Deno.test("blobs.push() goes on with the session that a single POST brought, and remembers it (R29)", async () => {
  const { app, log } = meddled((request, _, next) => {
    const url = new URL(request.url);
    if (!url.searchParams.has("digest") || request.method !== "POST") {
      return undefined;
    }
    url.search = "";
    return next(new Request(url, { method: "POST" }));
  });
  for (const text of ["one", "two"]) {
    await app.blobs.push(await describe(text), toSource(text), {
      singlePost: true,
    });
    assertEquals(await textOf(app.blobs.get(await describe(text))), text);
  }
  assertEquals(log.filter((line) => /^(POST|PUT)/.test(line)).map(short), [
    "POST uploads/?digest=DIGEST 202",
    "PUT SESSION?digest=DIGEST 201",
    "POST uploads/ 202",
    "PUT SESSION?digest=DIGEST 201",
  ]);
});

for (const status of [400, 404, 405, 411, 413]) {
  Deno.test(`blobs.push() uploads as usual where a single POST is answered with ${status}`, async () => {
    const { app } = meddled((request) =>
      request.url.includes("uploads/?digest=")
        ? new Response(null, { status })
        : undefined
    );
    const one = await describe("one");
    await app.blobs.push(one, toSource("one"), { singlePost: true });
    assertEquals(await textOf(app.blobs.get(one)), "one");
  });
}

Deno.test("blobs.push() lets the registry look for a blob to mount (R46), and uploads where it will not", async () => {
  const answers = [201, 202, 400];
  for (const status of answers) {
    const { app, log } = meddled((request, _, next) => {
      const url = new URL(request.url);
      if (!url.searchParams.has("mount")) return undefined;
      if (status !== 202) return new Response(null, { status });
      url.search = "";
      return next(new Request(url, { method: "POST" }));
    });
    const one = await describe("one");
    const result = await app.blobs.push(one, toSource("one"), { mount: {} });
    assertEquals(result, status === 201 ? "mounted" : "uploaded");
    assertEquals(log.map(short)[0], `POST uploads/?mount=DIGEST ${status}`);
    assertEquals(
      log.filter((line) => line.startsWith("POST")).length,
      status === 400 ? 2 : 1,
    );
    assertEquals(app.client.capabilities.mountWithoutFrom, status !== 400);
    if (status !== 400) continue;
    // What does not work is not tried again.
    log.length = 0;
    const two = await describe("two");
    await app.blobs.push(two, toSource("two"), { mount: {} });
    const methods = log.map((line) => line.split(" ")[0]);
    assertEquals(methods, ["HEAD", "POST", "PUT"]);
  }
});

Deno.test("blobs.push() makes no part smaller than the registry wants (R32)", async () => {
  const { app, bytes } = meddled(async (request, _, next) => {
    if (request.method !== "POST") return undefined;
    const answer = await next(request);
    const headers = new Headers(answer.headers);
    headers.set("oci-chunk-min-length", "400");
    return new Response(null, { status: 202, headers });
  });
  const blob = await described(1000);
  await app.blobs.push(blob, testSource(1000), { chunkSize: 100 });
  assertEquals(bytes("PATCH"), [400, 400, 200]);
  assertEquals(bytes("PUT"), [0]);
  await assertPushed(app, blob);
});

Deno.test("blobs.push() sends each part to the newest location, with an inclusive range (R33, R36)", async () => {
  const ranges: (string | null)[] = [];
  const asked: string[] = [];
  const { app } = meddled(async (request, count, next) => {
    const url = new URL(request.url);
    if (!url.pathname.includes("/uploads/")) return undefined;
    asked.push(`${request.method} ${url.searchParams.get("step") ?? "-"}`);
    if (request.method === "PATCH") {
      ranges.push(request.headers.get("content-range"));
    }
    url.searchParams.delete("step");
    const { body, headers, method } = request;
    const answer = await next(
      new Request(url, { method, headers, body, ...{ duplex: "half" } }),
    );
    const location = answer.headers.get("location");
    if (answer.status !== 202 || location === null) return answer;
    const changed = new Headers(answer.headers);
    const step = method === "POST" ? "0" : String(count);
    changed.set("location", `${location}?step=${step}`);
    return new Response(null, { status: 202, headers: changed });
  });
  const blob = await described(25);
  await app.blobs.push(blob, testSource(25), { chunkSize: 10 });
  assertEquals(ranges, ["0-9", "10-19", "20-24"]);
  assertEquals(asked, ["POST -", "PATCH 0", "PATCH 1", "PATCH 2", "PUT 3"]);
  await assertPushed(app, blob);
});

Deno.test("blobs.push() sends parts after a 413, and remembers the size that was too large", async () => {
  const limit = 6 * MIB;
  const { app, log, bytes } = meddled((request) =>
    bodySize(request) > limit ? new Response(null, { status: 413 }) : undefined
  );
  const blob = await described(9 * MIB);
  const source = testSource(blob.size);
  assertEquals(await app.blobs.push(blob, source), "uploaded");
  assertEquals(bytes("PATCH"), [4 * MIB, 4 * MIB, MIB]);
  // The session that was refused a body is given up.
  assertEquals(log.filter((line) => line.startsWith("DELETE")).length, 1);
  await assertPushed(app, blob);
  assertEquals(app.client.capabilities.maxBodySize, blob.size - 1);
  const other = app.client.repository("team/other");
  log.length = 0;
  await other.blobs.push(blob, source, { skipCheck: true });
  assertEquals(log.map((line) => line.split(" ")[0]), [
    "POST",
    "PATCH",
    "PATCH",
    "PATCH",
    "PUT",
  ]);
});

Deno.test("blobs.push() makes its parts smaller until they are taken, also where nothing is repeated", async () => {
  const limit = MIB;
  const { app, bytes } = meddled(
    (request) =>
      bodySize(request) > limit
        ? new Response(null, { status: 413 })
        : undefined,
    { retry: { maxAttempts: 1 } },
  );
  const blob = await described(5 * MIB);
  await app.blobs.push(blob, testSource(blob.size));
  assertEquals(bytes("PUT"), [5 * MIB, 0]);
  assertEquals(bytes("PATCH"), [4 * MIB, MIB, MIB, MIB, MIB, MIB]);
  await assertPushed(app, blob);
  // The next one of a size that was refused is not tried in one body.
  const other = await described(4 * MIB + 1);
  await app.blobs.push(other, testSource(other.size));
  assertEquals(bytes("PUT").slice(2), [0]);
  assertEquals(bytes("PATCH").slice(6), [MIB, MIB, MIB, MIB, 1]);
  await assertPushed(app, other);
});

Deno.test("blobs.push() keeps to the largest body that a caller tells of", async () => {
  const { app, bytes } = meddled(() => undefined, {
    capabilities: { maxBodySize: 1000 },
  });
  for (const size of [1000, 2500]) {
    const blob = await described(size);
    await app.blobs.push(blob, testSource(size));
    await assertPushed(app, blob);
  }
  assertEquals(bytes("PUT"), [1000, 0]);
  assertEquals(bytes("PATCH"), [1000, 1000, 500]);
});

Deno.test("blobs.push() fails with the 413 where parts are not taken either, or are no smaller", async () => {
  for (const [size, patches] of [[9 * MIB, 1], [1000, 0]] as const) {
    const { app, bytes } = meddled((request) => {
      if (request.method === "PATCH") {
        return new Response(null, { status: 405 });
      }
      return request.method === "PUT"
        ? new Response(null, { status: 413 })
        : undefined;
    });
    const blob = await described(size);
    const error = await assertRejects(
      () => app.blobs.push(blob, testSource(size)),
      RegistryError,
    );
    assertEquals(error.status, 413);
    assertEquals(bytes("PATCH").length, patches);
    assertEquals(
      app.client.capabilities.parts,
      patches === 1 ? false : undefined,
    );
  }
});

Deno.test("blobs.push() sends a large body in parts once it was cut off", async () => {
  const { app, bytes } = meddled(async (request) => {
    if (
      request.method !== "PUT" ||
      bodySize(request) < 5 * MIB
    ) return undefined;
    await request.arrayBuffer();
    throw cut(request);
  });
  const blob = await described(9 * MIB);
  assertEquals(await app.blobs.push(blob, testSource(blob.size)), "uploaded");
  assertEquals(bytes("PUT"), [9 * MIB, 0]);
  assertEquals(bytes("PATCH"), [4 * MIB, 4 * MIB, MIB]);
  await assertPushed(app, blob);
});

/** Lets so many bytes of a request's body reach the registry, and answers otherwise. */
async function letIn(
  request: Request,
  size: number,
  next: (request: Request) => Promise<Response>,
): Promise<void> {
  const body = new Uint8Array(await request.arrayBuffer()).slice(0, size);
  const url = new URL(request.url);
  url.search = "";
  const headers = { "content-type": "application/octet-stream" };
  await next(new Request(url, { method: "PATCH", headers, body }));
}

const FAULTS: readonly [string, (request: Request) => Response][] = [
  ["a cut connection", (request) => {
    throw cut(request);
  }],
  ["408", () => new Response(null, { status: 408 })],
  ["500", () => new Response(null, { status: 500 })],
  ["504", () => new Response(null, { status: 504 })],
];

for (const [fault, answer] of FAULTS) {
  Deno.test(`blobs.push() goes on where the registry says that it is, after ${fault}`, async () => {
    const held = 700_000;
    const { app, log, bytes } = meddled(async (request, count, next) => {
      if (request.method !== "PUT" || count > 1) return undefined;
      await letIn(request, held, next);
      return answer(request);
    });
    const blob = await described(MIB);
    const source: TestSource = testSource(blob.size);
    assertEquals(await app.blobs.push(blob, source), "uploaded");
    assertEquals(bytes("PATCH"), [MIB - held]);
    assertEquals(log.filter((line) => line.startsWith("POST")).length, 1);
    assertEquals(log.filter((line) => line.startsWith("DELETE")).length, 0);
    assertEquals(source.opened, 2);
    await assertPushed(app, blob);
  });

  Deno.test(`blobs.push() goes on within a part after ${fault}`, async () => {
    const held = 30_000;
    const { app, bytes } = meddled(async (request, count, next) => {
      if (request.method !== "PATCH" || count !== 2) return undefined;
      await letIn(request, held, next);
      return answer(request);
    });
    const blob = await described(150_000);
    await app.blobs.push(blob, testSource(blob.size), { chunkSize: 60_000 });
    assertEquals(bytes("PATCH"), [60_000, 60_000, 30_000, 30_000]);
    await assertPushed(app, blob);
  });
}

Deno.test("blobs.push() begins anew where a session is lost, or holds something else", async () => {
  const answers: readonly [string, () => Response][] = [
    ["lost", () => new Response(null, { status: 404 })],
    [
      "none or one",
      () => new Response(null, { status: 204, headers: { range: "0-0" } }),
    ],
    ["no range", () => new Response(null, { status: 204 })],
    [
      "more than was sent",
      () =>
        new Response(null, { status: 204, headers: { range: "0-9999999" } }),
    ],
  ];
  for (const [what, answer] of answers) {
    const { app, log } = meddled((request, count, next) => {
      if (request.method === "GET" && request.url.includes("/uploads/")) {
        return answer();
      }
      return request.method === "PUT" && count === 1
        ? letIn(request, 500_000, next).then(() =>
          new Response(null, { status: 503 })
        )
        : undefined;
    });
    const blob = await described(MIB);
    await app.blobs.push(blob, testSource(blob.size));
    assertEquals(log.filter((line) => line.startsWith("POST")).length, 2, what);
    assertEquals(log.filter((line) => line.startsWith("DELETE")).length, 1);
    await assertPushed(app, blob);
  }
});

Deno.test("blobs.push() begins anew where what it went on with was not what it should be", async () => {
  const { app, log } = meddled(async (request, count, next) => {
    if (request.method !== "PUT" || count > 1) return undefined;
    const body = new Uint8Array(await request.arrayBuffer()).fill(7, 0, 10);
    await letIn(
      new Request(request.url, { method: "PUT", body }),
      500_000,
      next,
    );
    throw cut(request);
  });
  const blob = await described(MIB);
  await app.blobs.push(blob, testSource(blob.size));
  assertEquals(log.filter((line) => line.startsWith("POST")).length, 2);
  await assertPushed(app, blob);
});

Deno.test("blobs.push() looks for the blob after a closing PUT without an answer, before it sends again", async () => {
  for (const chunkSize of [undefined, 400_000]) {
    const { app, log, bytes } = meddled(async (request, count, next) => {
      if (request.method !== "PUT" || count > 1) return undefined;
      await next(request);
      throw cut(request);
    });
    const blob = await described(MIB);
    const result = await app.blobs.push(blob, testSource(MIB), { chunkSize });
    assertEquals(result, "uploaded");
    assertEquals(bytes("PUT").length, 1);
    assertEquals(log.at(-1)?.split(" ")[0], "HEAD");
    await assertPushed(app, blob);
  }
});

Deno.test("blobs.push() gives up at last, with the fault, and cancels at the newest location", async () => {
  const cancelled: string[] = [];
  const { app, bytes } = meddled((request, _, next) => {
    if (request.method === "DELETE") {
      cancelled.push(new URL(request.url).search);
    }
    if (request.method === "PATCH") {
      return next(request).then((answer) => {
        const headers = new Headers(answer.headers);
        headers.set("location", `${headers.get("location")}?newest=1`);
        return new Response(null, { status: 202, headers });
      });
    }
    return request.method === "PUT"
      ? new Response(null, { status: 503 })
      : undefined;
  }, { retry: { baseDelay: 1, maxAttempts: 3 } });
  const blob = await described(1000);
  const error = await assertRejects(
    () => app.blobs.push(blob, testSource(1000), { chunkSize: 600 }),
    RegistryError,
  );
  assertEquals(error.status, 503);
  assertEquals(bytes("PUT").length, 3);
  assertEquals(cancelled, ["?newest=1"]);
});

Deno.test("blobs.push() that never gets on begins so many uploads and no more", async () => {
  let sessions = 0;
  const { app } = meddled((request, _, next) => {
    if (request.method === "POST") sessions++;
    // Each first part is taken, and then the session is gone.
    if (
      request.method === "PATCH" &&
      !request.headers.get("content-range")?.startsWith("0-")
    ) {
      return new Response(null, { status: 500 });
    }
    if (request.method === "GET") return new Response(null, { status: 404 });
    return next(request);
  }, { retry: { baseDelay: 1, maxAttempts: 4 } });
  const blob = await described(1000);
  await assertRejects(
    () => app.blobs.push(blob, testSource(1000), { chunkSize: 600 }),
    RegistryError,
  );
  assertEquals(sessions, 4);
});

Deno.test("blobs.push() that is aborted fails with the reason, and cancels its upload", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const { app, log } = meddled((request, count) => {
    if (request.method === "PATCH" && count === 2) controller.abort(reason);
    return undefined;
  });
  const blob = await described(1000);
  const { signal } = controller;
  const push = app.blobs.push(blob, testSource(1000), {
    chunkSize: 100,
    signal,
  });
  assertEquals(await assertRejects(() => push), reason);
  assertEquals(log.at(-1)?.split(" ")[0], "DELETE");
});

Deno.test("blobs.pushStream() hashes on the way, in parts", async () => {
  for (const algorithm of ["sha256", "sha512"] as const) {
    for (const size of [0, 1, 999, 1000, 1001, 2000, 2500]) {
      const { repository: app, log } = repository();
      const told: number[] = [];
      const descriptor = await app.blobs.pushStream(
        testSource(size).open() as ReadableStream<Uint8Array<ArrayBuffer>>,
        {
          algorithm,
          chunkSize: 1000,
          mediaType: "text/x",
          onBytes: (bytes) => told.push(bytes),
        },
      );
      const expected = await described(size, algorithm);
      assertEquals(descriptor, { ...expected, mediaType: "text/x" });
      assertEquals(told.at(-1), size);
      assertEquals(
        log.filter((line) => line.startsWith("PATCH")).length,
        size < 1000 ? 0 : Math.ceil(size / 1000),
      );
      await assertPushed(app, expected);
    }
  }
});

Deno.test("blobs.pushStream() survives faults, and keeps to the least size of parts", async () => {
  const { app, bytes } = meddled(async (request, count, next) => {
    if (request.method === "POST") {
      const answer = await next(request);
      const headers = new Headers(answer.headers);
      headers.set("oci-chunk-min-length", "1500");
      return new Response(null, { status: 202, headers });
    }
    if (request.method !== "PATCH" || count !== 2) return undefined;
    await letIn(request, 500, next);
    throw cut(request);
  });
  const stream = await testSource(5000).open();
  const descriptor = await app.blobs.pushStream(stream, { chunkSize: 1000 });
  assertEquals(bytes("PATCH"), [1500, 1500, 1000, 1500, 500]);
  await assertPushed(app, descriptor);
});

Deno.test("blobs.pushStream() lets go of stream and upload when it fails or is aborted", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const abort = () => controller.abort(reason);
  const cases: [() => Response | undefined, AbortSignal | undefined][] = [
    [() => new Response(null, { status: 403 }), undefined],
    [() => void abort() as undefined, controller.signal],
  ];
  for (const [answer, signal] of cases) {
    const { app, log } = meddled((request, count) =>
      request.method === "PATCH" && count === 2 ? answer() : undefined
    );
    const source = testSource(5000, { chunk: 500 });
    const stream = await source.open();
    const push = app.blobs.pushStream(stream, { chunkSize: 1000, signal });
    const error = await assertRejects(() => push);
    if (signal !== undefined) assertEquals(error, reason);
    assertEquals(source.cancelled, 1);
    assertEquals(log.at(-1)?.split(" ")[0], "DELETE");
  }
});

Deno.test("blobs.pushStream() holds no part of a size that only the registry wants", async () => {
  const { app } = meddled(async (request, _, next) => {
    if (request.method !== "POST") return undefined;
    const answer = await next(request);
    const headers = new Headers(answer.headers);
    headers.set("oci-chunk-min-length", "1000000000");
    return new Response(null, { status: 202, headers });
  });
  const stream = await testSource(5000).open();
  const error = await assertRejects(
    () => app.blobs.pushStream(stream, { chunkSize: 1000 }),
    ProtocolError,
  );
  assertEquals(error.code, "CHUNK_TOO_LARGE");
  const other = await testSource(1).open();
  await assertRejects(
    () => app.blobs.pushStream(other, { chunkSize: 0 }),
    RangeError,
  );
  await other.cancel();
});

Deno.test("uploads.start() gives a session that is sent to, asked, and finished", async () => {
  const { repository: app, log } = repository();
  const upload = await app.uploads.start();
  assertEquals([upload.offset, upload.minChunkSize], [0, undefined]);
  assertEquals(await upload.send(pattern(0, 10)), 10);
  assertEquals(await upload.send(testSource(0)), 10);
  assertEquals(await upload.status(), 10);
  const blob = await described(25);
  await upload.finish(blob.digest, { content: pattern(10, 15) });
  assertEquals(log.map(short), [
    "POST uploads/ 202",
    "PATCH SESSION 202",
    "GET SESSION 204",
    "PUT SESSION?digest=DIGEST 201",
  ]);
  await assertPushed(app, blob);
});

Deno.test("uploads.resume() takes an upload up that somebody else began", async () => {
  const { repository: app } = repository();
  const begun = await app.uploads.start();
  await begun.send(pattern(0, 10));
  const { href } = begun.location;
  const upload = app.uploads.resume(href);
  assertEquals(await upload.status(), 10);
  await upload.send(pattern(10, 15));
  const blob = await described(25);
  await upload.finish(blob.digest);
  await assertPushed(app, blob);
  assertEquals(app.uploads.resume(href, { offset: 7 }).offset, 7);
  assertEquals(await app.uploads.resume(href).status(), undefined);
});

Deno.test("uploads.resume() refuses locations that are none of the registry's business", () => {
  const { repository: { uploads } } = repository();
  const bad: [string, number, new (...args: never[]) => Error][] = [
    ["http://registry.example/v2/x", 0, SecurityError],
    ["https://127.0.0.1/v2/x", 0, SecurityError],
    ["https://[", 0, TypeError],
    ["https://registry.example/v2/x", -1, RangeError],
  ];
  for (const [location, offset, kind] of bad) {
    let error: unknown;
    try {
      uploads.resume(location, { offset });
    } catch (caught) {
      error = caught;
    }
    assert(error instanceof kind, location);
  }
});

Deno.test("UploadSession.cancel() ends an upload, and says when there is none", async () => {
  const { repository: { uploads } } = repository();
  const upload = await uploads.start();
  await upload.cancel();
  await assertRejects(() => upload.cancel(), NotFoundError);
  const error = await assertRejects(() => upload.send("x"), RegistryError);
  assertEquals(error.code, "BLOB_UPLOAD_UNKNOWN");
});
