import { assertEquals, assertRejects } from "@std/assert";
import { DigestMismatchError } from "@gantry/oci/digest";
import { ConnectionError, toSource } from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { type Intercept, repository, textOf } from "./_repository.ts";
import { BLOB, PARTS, TEXT } from "./_parts.ts";

/** Serves no ranges. */
function whole(): Intercept {
  const { fetch } = createRegistry();
  return (request) => {
    const headers = new Headers(request.headers);
    headers.delete("range");
    return fetch(new Request(request, { headers }));
  };
}

for (const [what, offset, length, expected] of PARTS) {
  for (const ranges of [true, false]) {
    const where = ranges ? "by Range" : "where ranges are not served";
    Deno.test(`blobs.get() reads ${what} ${where}`, async () => {
      const { repository: { blobs }, log } = repository(
        ranges ? undefined : whole(),
      );
      await blobs.push(BLOB, toSource(TEXT));
      log.length = 0;
      assertEquals(await textOf(blobs.get(BLOB, { offset, length })), expected);
      const status = ranges && expected !== TEXT ? 206 : 200;
      assertEquals(
        log.map((line) => line.slice(-3)),
        expected === "" ? [] : [String(status)],
      );
    });
  }
}

Deno.test("blobs.get() refuses parts that are none", async () => {
  const { repository: { blobs }, log } = repository();
  for (const length of [-1, 1.5, NaN]) {
    await assertRejects(() => blobs.get(BLOB, { length }), RangeError);
  }
  assertEquals(log, []);
});

/** A body that breaks off after some bytes. */
function broken(text: string, url: string): ReadableStream<Uint8Array> {
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
      controller.enqueue(new TextEncoder().encode(text));
    },
  });
}

const VALIDATORS: readonly [string, Record<string, string>, string | null][] = [
  ["a strong ETag", { etag: '"abc"', "last-modified": "x" }, '"abc"'],
  ["a weak ETag", { etag: 'W/"abc"' }, null],
  [
    "a date",
    { "last-modified": "Sat, 01 Jan 2022 00:00:00 GMT" },
    "Sat, 01 Jan 2022 00:00:00 GMT",
  ],
  ["nothing", {}, null],
];

for (const [what, headers, expected] of VALIDATORS) {
  Deno.test(`blobs.get() asks for the rest on the terms of ${what} (RFC 9110 §13.1.5)`, async () => {
    const conditions: (string | null)[] = [];
    const { repository: { blobs } } = repository(({ headers: asked, url }) => {
      if (!asked.has("range")) {
        return new Response(broken("0123", url), { headers });
      }
      conditions.push(asked.get("if-range"));
      return new Response("456789", {
        status: 206,
        headers: { "content-range": "bytes 4-9/*" },
      });
    });
    assertEquals(await textOf(blobs.get(BLOB)), TEXT);
    assertEquals(conditions, [expected]);
  });
}

Deno.test("blobs.get() notices content that changed while it was read", async () => {
  const { repository: { blobs } } = repository(({ headers, url }) =>
    headers.has("range")
      ? new Response("abcdefghij", { headers: { etag: '"new"' } })
      : new Response(broken("0123", url), { headers: { etag: '"old"' } })
  );
  await assertRejects(() => textOf(blobs.get(BLOB)), DigestMismatchError);
});

const WRONG: readonly [string, string | null, string][] = [
  ["another range", "bytes 0-5/10", "ProtocolError"],
  [
    "a range that is too long",
    "bytes 4-20/*",
    "ProtocolError",
  ],
  ["no range", null, "ProtocolError"],
  ["a range without unit", "4-9/10", "ProtocolError"],
  [
    "another size",
    "bytes 4-9/11",
    "SizeMismatchError",
  ],
];

for (const [what, range, kind] of WRONG) {
  Deno.test(`blobs.get() refuses ${what} for the rest of a blob`, async () => {
    const { repository: { blobs } } = repository(({ headers, url }) =>
      headers.has("range")
        ? new Response("456789", {
          status: 206,
          headers: range === null ? {} : { "content-range": range },
        })
        : new Response(broken("0123", url))
    );
    const error = await assertRejects(() => textOf(blobs.get(BLOB)), Error);
    assertEquals(error.name, kind);
  });
}

Deno.test("blobs.get() takes a shorter range than it asked for, and asks for the rest", async () => {
  const asked: (string | null)[] = [];
  const { repository: { blobs } } = repository(({ headers }) => {
    asked.push(headers.get("range"));
    const start = Number(/\d+/.exec(headers.get("range")!)![0]);
    const end = Math.min(start + 2, 8);
    return new Response(TEXT.slice(start, end), {
      status: 206,
      headers: { "content-range": `bytes ${start}-${end - 1}/10` },
    });
  });
  const part = blobs.get(BLOB, { offset: 3, length: 5 });
  assertEquals(await textOf(part), "34567");
  assertEquals(asked, ["bytes=3-7", "bytes=5-7", "bytes=7-7"]);
});

Deno.test("blobs.get() asks for the whole where a registry refuses ranges with 416", async () => {
  const { repository: { blobs }, log } = repository(({ headers, url }) =>
    headers.has("range")
      ? new Response(null, { status: 416 })
      : new Response(log.length === 0 ? broken("0123", url) : TEXT)
  );
  assertEquals(await textOf(blobs.get(BLOB)), TEXT);
  assertEquals(log.map((line) => line.slice(-3)), ["200", "416", "200"]);
});

Deno.test("blobs.get() lets the connection go behind the part that it wanted", async () => {
  let cancelled = 0;
  const { repository: { blobs } } = repository(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(5)),
        cancel: () => void cancelled++,
      }),
    )
  );
  const big = { ...BLOB, size: 1_000_000_000 };
  const stream = await blobs.get(big, { offset: 7, length: 12 });
  assertEquals((await new Response(stream).bytes()).length, 12);
  assertEquals(cancelled, 1);
});

Deno.test("a blob is read with one request, and a manifest too", async () => {
  const { repository: { blobs, manifests }, log } = repository();
  await blobs.push(BLOB, toSource(TEXT));
  const index = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
  const { digest } = await manifests.put("v1", index, {
    mediaType: "application/vnd.oci.image.index.v1+json",
  });
  log.length = 0;
  await textOf(blobs.get(BLOB));
  await manifests.get(digest);
  assertEquals(log.length, 2);
});
