import { assertEquals, assertThrows } from "@std/assert";
import { defaultTransport } from "../../distribution/default_transport.ts";
import { fetchTransport } from "../../distribution/fetch_transport.ts";
import { ScriptedServer } from "../_support/scripted_server.ts";
import { request, testSource } from "../_support/test_source.ts";

/** Runs `fn` as if the globals of Deno and Node were not there. */
async function elsewhere(fn: () => void | Promise<void>): Promise<void> {
  const names = ["Deno", "process"];
  const saved = names.map((name) =>
    [name, Object.getOwnPropertyDescriptor(globalThis, name)!] as const
  );
  for (const [name] of saved) {
    delete (globalThis as Record<string, unknown>)[name];
  }
  try {
    await fn();
  } finally {
    for (const [name, property] of saved) {
      Object.defineProperty(globalThis, name, property);
    }
  }
}

Deno.test("defaultTransport() streams uploads of any size in this runtime", async () => {
  await using server = new ScriptedServer(async (connection) => {
    const head = await connection.readHead();
    const length = Number(/content-length: (\d+)/.exec(head!)?.[1]);
    await connection.respond(
      "201 Created",
      {},
      `${await connection.skip(length)}`,
    );
  });
  const transport = defaultTransport();
  assertEquals(transport.maxBodySize, undefined);
  const body = testSource(8 * 1024 * 1024);
  const response = await transport(
    request(server.url(), { method: "PUT", body }),
  );
  assertEquals(await response.text(), String(body.size));
  transport.close?.();
});

Deno.test("defaultTransport() uses fetch where nothing better is known", async () => {
  await elsewhere(() => {
    assertEquals(defaultTransport().maxBodySize, 4 * 1024 * 1024);
    assertEquals(
      defaultTransport({}).maxBodySize,
      fetchTransport().maxBodySize,
    );
  });
});

Deno.test("defaultTransport() refuses options that fetch cannot honour", async () => {
  await elsewhere(() => {
    assertThrows(
      () => defaultTransport({ insecure: true, caCerts: [] }),
      TypeError,
      "Cannot set insecure, caCerts",
    );
  });
});

Deno.test("fetchTransport() drops the headers of an encoding that the runtime decoded", async () => {
  const answer = () =>
    new Response("decoded", {
      headers: { "content-encoding": "gzip", "content-length": "3" },
    });
  await elsewhere(async () => {
    const transport = fetchTransport({
      fetch: () => Promise.resolve(answer()),
    });
    const response = await transport(request(new URL("https://a.example/")));
    assertEquals(response.headers.get("content-length"), null);
    assertEquals(response.headers.get("content-encoding"), null);
    assertEquals(await response.text(), "decoded");
  });
});

Deno.test("fetchTransport() lets a browser follow redirects without secret headers", async () => {
  const calls: RequestInit[] = [];
  const transport = fetchTransport({
    fetch: (_, init) => {
      calls.push(init!);
      const response = new Response(calls.length === 1 ? null : "followed");
      if (calls.length === 1) {
        Object.defineProperty(response, "type", { value: "opaqueredirect" });
      }
      return Promise.resolve(response);
    },
  });
  const headers = new Headers({
    accept: "*/*",
    range: "bytes=0-1",
    "x-registry-auth": "secret",
    "x-api-key": "secret",
  });
  const response = await transport(
    request(new URL("https://a.example/"), { headers }),
  );
  assertEquals(await response.text(), "followed");
  assertEquals(calls.map(({ redirect }) => redirect), ["manual", "follow"]);
  assertEquals([...new Headers(calls[1]!.headers).keys()], [
    "accept",
    "accept-encoding",
    "range",
  ]);
});
