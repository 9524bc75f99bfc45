import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromHandler } from "../../distribution/from_handler.ts";
import { toSource } from "../../distribution/source.ts";
import { makeTransport, wrapTransport } from "../../distribution/transport.ts";

const url = new URL("http://registry.example/v2/");
const headers = new Headers();

/** What a request shows of a length: browsers keep that header for themselves. */
function shown(length: string): string | null {
  const headers = { "content-length": length };
  return new Request(url, { method: "POST", headers })
    .headers.get("content-length");
}

Deno.test("fromHandler() gives a source's bytes and length to the handler", async () => {
  const transport = fromHandler(async (request) =>
    Response.json({
      length: request.headers.get("content-length"),
      text: await request.text(),
    })
  );
  const body = toSource("hello");
  const response = await transport({ method: "PUT", url, headers, body });
  assertEquals(await response.json(), { length: shown("5"), text: "hello" });
});

Deno.test("fromHandler() announces bytes and empty bodies with their length", async () => {
  const transport = fromHandler(async (request) =>
    new Response(
      `${request.headers.get("content-length")} ${await request.text()}`,
    )
  );
  const table: [string, Uint8Array<ArrayBuffer> | undefined, string][] = [
    ["POST", undefined, `${shown("0")} `],
    ["PUT", new TextEncoder().encode("abc"), `${shown("3")} abc`],
    ["GET", undefined, "null "],
  ];
  for (const [method, body, expected] of table) {
    const response = await transport({ method, url, headers, body });
    assertEquals(await response.text(), expected);
  }
  assertEquals([...headers], [], "the caller's headers are left alone");
});

Deno.test("fromHandler() gives null bodies to HEAD, 204 and 304", async () => {
  let cancelled = 0;
  const transport = fromHandler((request) => {
    if (request.method !== "HEAD") return new Response(null, { status: 304 });
    return new Response(
      new ReadableStream({ cancel: () => void cancelled++ }),
      { headers: { "content-length": "12" } },
    );
  });
  const head = await transport({ method: "HEAD", url, headers });
  assertEquals(head.body, null);
  assertEquals(head.headers.get("content-length"), "12");
  assertEquals(cancelled, 1);
  assertEquals((await transport({ method: "GET", url, headers })).body, null);
});

Deno.test("fromHandler() throws the source's failure whatever the handler answers", async () => {
  const transport = fromHandler(async (request) => {
    try {
      return new Response(await request.text());
    } catch {
      return new Response(null, { status: 500 });
    }
  });
  for (const size of [3, 9]) {
    const body = { ...toSource("hello"), size };
    await assertRejects(
      () => transport({ method: "PUT", url, headers, body }),
      Error,
      `promised ${size} bytes`,
    );
  }
});

Deno.test("fromHandler() closes a source that the handler does not read", async () => {
  let cancelled = false;
  const body = {
    size: 5,
    open: () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        cancel: () => void (cancelled = true),
      }),
  };
  const transport = fromHandler(() => new Response(null, { status: 401 }));
  const response = await transport({ method: "PUT", url, headers, body });
  assertEquals(response.status, 401);
  assert(cancelled);
});

Deno.test("fromHandler() rejects with the signal's reason at every stage", async (t) => {
  const reason = new Error("enough");
  await t.step("before the request", async () => {
    const transport = fromHandler(() => new Response());
    const signal = AbortSignal.abort(reason);
    const error = await assertRejects(() =>
      transport({ method: "GET", url, headers, signal })
    );
    assertEquals(error, reason);
  });
  await t.step("before the response", async () => {
    const control = new AbortController();
    let answer = (_: Response) => {};
    let cancelled = false;
    const transport = fromHandler(() => new Promise((done) => answer = done));
    const pending = transport({
      method: "GET",
      url,
      headers,
      signal: control.signal,
    });
    await Promise.resolve();
    control.abort(reason);
    assertEquals(await assertRejects(() => pending), reason);
    answer(
      new Response(
        new ReadableStream({ cancel: () => void (cancelled = true) }),
      ),
    );
    await new Promise((done) => setTimeout(done, 0));
    assert(cancelled, "a late response is let go");
  });
  await t.step("by the handler itself, at once", async () => {
    const control = new AbortController();
    const transport = fromHandler(() => {
      control.abort(reason);
      return new Promise(() => {});
    });
    const { signal } = control;
    const pending = transport({ method: "GET", url, headers, signal });
    assertEquals(await assertRejects(() => pending), reason);
  });
  await t.step("while the body is read", async () => {
    const control = new AbortController();
    let cancelled: unknown;
    const transport = fromHandler(() =>
      new Response(
        new ReadableStream({
          start: (c) => c.enqueue(new Uint8Array(3)),
          cancel: (why) => void (cancelled = why),
        }),
      )
    );
    const response = await transport({
      method: "GET",
      url,
      headers,
      signal: control.signal,
    });
    const reader = response.body!.getReader();
    assertEquals((await reader.read()).value?.byteLength, 3);
    const pending = reader.read();
    control.abort(reason);
    assertEquals(await assertRejects(() => pending), reason);
    assertEquals(cancelled, reason);
  });
});

Deno.test("wrapTransport() carries over what the base says of itself", () => {
  let closed = 0;
  const base = makeTransport(() => Promise.resolve(new Response()), {
    maxBodySize: 5,
    close: () => void closed++,
  });
  const transport = wrapTransport(wrapTransport(base, base), base);
  assertEquals(transport.maxBodySize, 5);
  transport.close?.();
  assertEquals(closed, 1);
});
