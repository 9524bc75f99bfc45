import { assertEquals } from "@std/assert";
import {
  beginUpload,
  digestOf,
  errorCode,
  everywhere,
  type Registry,
} from "./_registries.ts";

async function patch(
  registry: Registry,
  location: string,
  body: string,
  range?: string,
): Promise<Response> {
  const response = await registry.call(location, {
    method: "PATCH",
    body,
    ...(range === undefined ? {} : { headers: { "content-range": range } }),
  });
  if (response.ok) await response.body?.cancel();
  return response;
}

async function finish(
  registry: Registry,
  location: string,
  whole: string,
): Promise<void> {
  const digest = await digestOf(whole);
  const done = await registry.head(`${location}?digest=${digest}`, {
    method: "PUT",
  });
  assertEquals(done.status, 201);
  const pulled = await registry.call(`/v2/app/blobs/${digest}`);
  assertEquals(await pulled.text(), whole);
}

everywhere("createRegistry() takes a blob in chunks", async (registry) => {
  const location = await beginUpload(registry, "app");
  const first = await patch(registry, location, "abc", "0-2");
  assertEquals(first.status, 202);
  assertEquals(first.headers.get("range"), "0-2");
  const second = await patch(registry, location, "defg", "3-6");
  assertEquals(second.headers.get("range"), "0-6");

  const status = await registry.head(location);
  assertEquals(status.status, 204);
  assertEquals(status.headers.get("range"), "0-6");
  assertEquals(status.headers.get("location"), location);

  const digest = await digestOf("abcdefghij");
  const done = await registry.head(`${location}?digest=${digest}`, {
    method: "PUT",
    body: "hij",
    headers: { "content-range": "7-9" },
  });
  assertEquals(done.status, 201);
  const pulled = await registry.call(`/v2/app/blobs/${digest}`);
  assertEquals(await pulled.text(), "abcdefghij");
});

everywhere("createRegistry() takes a blob as a stream", async (registry) => {
  const location = await beginUpload(registry, "app");
  const parts = ["one ", "two ", "three"];
  const body = ReadableStream.from(parts).pipeThrough(new TextEncoderStream());
  const response = await registry.head(location, {
    method: "PATCH",
    body,
    duplex: "half",
  } as RequestInit);
  assertEquals(response.status, 202);
  assertEquals(response.headers.get("range"), "0-12");
  await finish(registry, location, parts.join(""));
});

everywhere(
  "createRegistry() answers 416 to chunks out of order, and the upload goes on",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    const early = await patch(registry, location, "def", "3-5");
    assertEquals(early.status, 416);
    assertEquals(await errorCode(early), "BLOB_UPLOAD_INVALID");
    await patch(registry, location, "abc", "0-2");
    const replayed = await patch(registry, location, "abc", "0-2");
    assertEquals(replayed.status, 416);
    assertEquals(replayed.headers.get("range"), "0-2");
    assertEquals(replayed.headers.get("location"), location);
    await replayed.body?.cancel();

    const digest = await digestOf("abcdef");
    const closing = await registry.head(`${location}?digest=${digest}`, {
      method: "PUT",
      body: "def",
      headers: { "content-range": "9-11" },
    });
    assertEquals(closing.status, 416);
    const good = await patch(registry, location, "def", "3-5");
    assertEquals(good.status, 202);
    await finish(registry, location, "abcdef");
  },
);

everywhere(
  "createRegistry() refuses contradictory chunk headers with 400",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    for (
      const [range, code] of [
        ["0-9", "SIZE_INVALID"],
        ["bytes 0-2/3", "BLOB_UPLOAD_INVALID"],
        ["2-0", "BLOB_UPLOAD_INVALID"],
        ["-", "BLOB_UPLOAD_INVALID"],
        ["0-99999999999999999999", "BLOB_UPLOAD_INVALID"],
      ] as const
    ) {
      const response = await registry.call(location, {
        method: "PATCH",
        body: "abc",
        headers: { "content-range": range, "content-length": "3" },
      });
      assertEquals([range, response.status], [range, 400]);
      assertEquals([range, await errorCode(response)], [range, code]);
    }
    const { status } = await registry.head(location);
    assertEquals(status, 204);
  },
);

everywhere(
  "createRegistry() refuses a stream that is not as long as its range",
  async (registry) => {
    const stream = (text: string) =>
      ReadableStream.from([text]).pipeThrough(new TextEncoderStream());
    for (const range of ["0-9", "0-0"]) {
      const location = await beginUpload(registry, "app");
      const response = await registry.call(location, {
        method: "PATCH",
        body: stream("abc"),
        headers: { "content-range": range },
        duplex: "half",
      } as RequestInit);
      assertEquals([range, response.status], [range, 400]);
      assertEquals(await errorCode(response), "SIZE_INVALID");
      assertEquals((await registry.head(location)).status, 204);
    }
  },
);

everywhere("createRegistry() cancels an upload", async (registry) => {
  const location = await beginUpload(registry, "app");
  const cancel = () => registry.call(location, { method: "DELETE" });
  assertEquals((await cancel()).status, 204);
  const again = await cancel();
  assertEquals(again.status, 404);
  assertEquals(await errorCode(again), "BLOB_UPLOAD_UNKNOWN");
  const late = await patch(registry, location, "abc");
  assertEquals(late.status, 404);
  assertEquals(await errorCode(late), "BLOB_UPLOAD_UNKNOWN");
});

everywhere(
  "createRegistry() knows an upload in its own repository only",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    const elsewhere = location.replace("/v2/app/", "/v2/other/");
    for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
      const digest = await digestOf("");
      const response = await registry.head(`${elsewhere}?digest=${digest}`, {
        method,
      });
      assertEquals([method, response.status], [method, 404]);
    }
    for (const id of ["x", "..", "%2e%2e", "%00", "a".repeat(5000)]) {
      const { status } = await registry.head(`/v2/app/blobs/uploads/${id}`, {
        method: "PATCH",
        body: "abc",
      });
      assertEquals([id, status >= 400 && status < 500], [id, true]);
    }
    assertEquals((await registry.head(location)).status, 204);
  },
);

everywhere(
  "createRegistry() serves two requests for one upload one after the other",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    const both = await Promise.all(
      ["abc", "xyz"].map((text) => patch(registry, location, text, "0-2")),
    );
    for (const { ok, body } of both) if (!ok) await body?.cancel();
    assertEquals(both.map(({ status }) => status).sort(), [202, 416]);
  },
);

everywhere(
  "createRegistry() drops an upload that is too old when the next begins",
  async (registry) => {
    const old = await beginUpload(registry, "app");
    // An expiry of nothing: whatever was written before now is too old.
    while ((await registry.head(old)).status !== 404) {
      await beginUpload(registry, "app");
    }
  },
  { uploadExpiry: 0 },
);
