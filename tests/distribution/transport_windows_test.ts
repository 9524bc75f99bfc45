import { assertEquals, assertRejects } from "@std/assert";
import { ConnectionError, ProtocolError } from "../../distribution/errors.ts";
import { fromHandler } from "../../distribution/from_handler.ts";
import { windowed } from "../../distribution/node/windows.ts";
import { bytesOf } from "../_support/bytes_of.ts";
import { pattern, request } from "../_support/test_source.ts";

const url = new URL("https://registry.example/v2/app/blobs/x?sig=secret");
const CONTENT = pattern(0, 1000);

/** A server that knows ranges, and what it was asked for. */
function rangeServer(
  change: (response: Response, count: number) => Response = (same) => same,
  content = CONTENT,
) {
  const asked: string[] = [];
  const transport = windowed(
    fromHandler((incoming) => {
      const range = incoming.headers.get("range");
      asked.push(range ?? "all");
      return change(answer(range, content), asked.length);
    }),
    { windowSize: 300 },
  );
  return { asked, transport };
}

function answer(
  range: string | null,
  content: Uint8Array<ArrayBuffer>,
): Response {
  const total = content.byteLength;
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
  if (match === null) {
    return new Response(content, {
      headers: { "content-length": String(total) },
    });
  }
  const start = Number(match[1]);
  const end = Math.min(match[2] ? Number(match[2]) : Infinity, total - 1);
  if (start > end) return new Response("no", { status: 416 });
  return new Response(content.slice(start, end + 1), {
    status: 206,
    headers: {
      "content-range": `bytes ${start}-${end}/${total}`,
      "content-length": String(end - start + 1),
      etag: '"one"',
      "docker-content-digest": "sha256:x",
      "x-other": "kept",
    },
  });
}

Deno.test("windowed() makes one whole response of many windows", async () => {
  const { transport, asked } = rangeServer();
  const response = await transport(request(url, { large: true }));
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-length"), "1000");
  assertEquals(response.headers.get("content-range"), null);
  assertEquals(response.headers.get("x-other"), "kept");
  assertEquals(await response.bytes(), CONTENT);
  assertEquals(asked, [
    "bytes=0-299",
    "bytes=300-599",
    "bytes=600-899",
    "bytes=900-999",
  ]);
});

Deno.test("windowed() cuts the range that a caller wants", async () => {
  const table: [string, number, number, string[]][] = [
    ["bytes=500-", 500, 999, ["bytes=500-799", "bytes=800-999"]],
    ["bytes=10-350", 10, 350, ["bytes=10-309", "bytes=310-350"]],
    ["bytes=900-5000", 900, 999, ["bytes=900-1199"]],
  ];
  for (const [range, start, end, windows] of table) {
    const { transport, asked } = rangeServer();
    const headers = new Headers({ range });
    const response = await transport(request(url, { large: true, headers }));
    assertEquals(response.status, 206);
    assertEquals(
      response.headers.get("content-range"),
      `bytes ${start}-${end}/1000`,
    );
    assertEquals(
      response.headers.get("content-length"),
      String(end + 1 - start),
    );
    assertEquals(await response.bytes(), CONTENT.slice(start, end + 1));
    assertEquals(asked, windows);
  }
});

Deno.test("windowed() reads into the consumer's buffers across windows", async () => {
  const { transport } = rangeServer();
  const response = await transport(request(url, { large: true }));
  const reader = response.body!.getReader({ mode: "byob" });
  const sizes: number[] = [];
  let seen = new Uint8Array();
  while (true) {
    const view = new Uint8Array(450);
    const { value, done } = await reader.read(view, { min: 450 });
    seen = new Uint8Array([...seen, ...value ?? []]);
    if (value?.byteLength) sizes.push(value.byteLength);
    if (done) break;
  }
  assertEquals(sizes, [450, 450, 100]);
  assertEquals(seen, CONTENT);
});

Deno.test("windowed() passes on what has no windows", async (t) => {
  await t.step("a request that is not large", async () => {
    const { transport, asked } = rangeServer();
    assertEquals(await (await transport(request(url))).bytes(), CONTENT);
    assertEquals(asked, ["all"]);
  });
  await t.step("ranges that it cannot cut", async () => {
    for (const range of ["bytes=-5", "bytes=1-2,5-6", "lines=1-2"]) {
      const { transport, asked } = rangeServer();
      const headers = new Headers({ range });
      await (await transport(request(url, { large: true, headers }))).bytes();
      assertEquals(asked, [range]);
    }
  });
  await t.step("a server that does not know ranges", async () => {
    const { transport, asked } = rangeServer(() => answer(null, CONTENT));
    const response = await transport(request(url, { large: true }));
    assertEquals(await response.bytes(), CONTENT);
    assertEquals(asked.length, 1);
  });
  await t.step("an answer with another status", async () => {
    const { transport, asked } = rangeServer(() =>
      new Response("no", { status: 401 })
    );
    const response = await transport(request(url, { large: true }));
    assertEquals([response.status, await response.text()], [401, "no"]);
    assertEquals(asked.length, 1);
  });
  await t.step("an empty blob", async () => {
    const { transport, asked } = rangeServer(undefined, new Uint8Array());
    const response = await transport(request(url, { large: true }));
    assertEquals(response.status, 200);
    assertEquals((await response.bytes()).byteLength, 0);
    assertEquals(asked, ["bytes=0-299", "all"]);
  });
  await t.step("a range past the end", async () => {
    const { transport } = rangeServer();
    const headers = new Headers({ range: "bytes=1000-" });
    const response = await transport(request(url, { large: true, headers }));
    assertEquals(response.status, 416);
    await response.body?.cancel();
  });
  await t.step("a part that does not say where it belongs", async () => {
    for (const value of [null, "bytes 0-299/*", "bytes 5-9/1000", "nonsense"]) {
      const { transport, asked } = rangeServer((response, count) => {
        if (count > 1) return answer(null, CONTENT);
        if (value === null) response.headers.delete("content-range");
        else response.headers.set("content-range", value);
        return response;
      });
      const response = await transport(request(url, { large: true }));
      assertEquals(await response.bytes(), CONTENT);
      assertEquals(asked, ["bytes=0-299", "all"]);
    }
  });
});

Deno.test("windowed() takes less than it asked for", async () => {
  const { transport, asked } = rangeServer((response, count) => {
    if (count !== 2) return response;
    return answer("bytes=300-400", CONTENT);
  });
  const response = await transport(request(url, { large: true }));
  assertEquals(await response.bytes(), CONTENT);
  assertEquals(asked.slice(1, 3), ["bytes=300-599", "bytes=401-700"]);
});

Deno.test("windowed() fails a body that changes in between", async () => {
  const set = (name: string, value: string) => (response: Response) => {
    response.headers.set(name, value);
    return response;
  };
  const table: ((response: Response) => Response)[] = [
    set("etag", '"two"'),
    set("docker-content-digest", "sha256:y"),
    set("content-range", "bytes 300-599/1001"),
    set("content-range", "bytes 301-599/1000"),
    set("content-range", "bytes 300-700/1000"),
  ];
  for (const change of table) {
    const { transport } = rangeServer((response, count) =>
      count === 2 ? change(response) : response
    );
    const response = await transport(request(url, { large: true }));
    const error = await assertRejects(
      () => bytesOf(response.body!),
      ProtocolError,
    );
    assertEquals(error.code, "CONTENT_CHANGED");
    assertEquals(error.message.includes("secret"), false);
  }
});

Deno.test("windowed() fails a body that breaks off, for the reader to resume", async () => {
  const table: (() => Response)[] = [
    () => new Response("no", { status: 401 }),
    () => answer(null, CONTENT),
    () =>
      new Response(CONTENT.slice(300, 400), {
        status: 206,
        headers: { "content-range": "bytes 300-599/1000" },
      }),
    () =>
      new Response(CONTENT.slice(300, 700), {
        status: 206,
        headers: { "content-range": "bytes 300-599/1000" },
      }),
  ];
  for (const other of table) {
    const { transport } = rangeServer((response, count) =>
      count === 2 ? other() : response
    );
    const response = await transport(request(url, { large: true }));
    const error = await assertRejects(
      () => bytesOf(response.body!),
      ConnectionError,
    );
    assertEquals(error.code, "CONNECTION_RESET");
  }
});

Deno.test("windowed() lets go of a window that comes after its reader has gone", async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  let cancelled = false;
  const transport = windowed(
    fromHandler(async (incoming) => {
      const range = incoming.headers.get("range");
      if (range === "bytes=0-299") return answer(range, CONTENT);
      asked.resolve();
      await answered.promise;
      return new Response(
        new ReadableStream({ cancel: () => void (cancelled = true) }),
        {
          status: 206,
          headers: { "content-range": "bytes 300-599/1000" },
        },
      );
    }),
    { windowSize: 300 },
  );
  const { body } = await transport(request(url, { large: true }));
  const reader = body!.getReader();
  assertEquals((await reader.read()).value?.byteLength, 300);
  const pending = reader.read();
  await asked.promise;
  await reader.cancel();
  answered.resolve();
  assertEquals((await pending).done, true);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(cancelled, true);
});
