import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertRejects,
} from "@std/assert";
import { ContentError } from "../../digest/errors.ts";
import { ConnectionError } from "../../distribution/errors.ts";
import type { Source } from "../../distribution/source.ts";
import { ScriptedServer } from "../_support/scripted_server.ts";
import {
  NETWORK_BASES,
  pattern,
  request,
  STREAMING_BASES,
  testSource,
} from "../_support/transports.ts";

const MIB = 1024 * 1024;

for (const [name, make] of NETWORK_BASES) {
  Deno.test(`${name} sends each body with its exact length`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      while (true) {
        const head = await connection.readHead();
        if (head === undefined) return;
        const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
        const body = await connection.read(length);
        const same = body.every((byte, i) => byte === i * 31 % 251);
        await connection.respond("201 Created", {}, `${body.length} ${same}`);
      }
    });
    const transport = make();
    const table: [string, Uint8Array<ArrayBuffer> | Source | undefined][] = [
      ["POST", undefined],
      ["PUT", undefined],
      ["PATCH", pattern(0, 1)],
      ["PUT", pattern(0, 70_000)],
      ["PUT", testSource(0)],
      ["PUT", testSource(1)],
      ["PATCH", testSource(MIB)],
      ["PUT", testSource(MIB + 1)],
      ["PUT", testSource(3 * MIB, { chunk: 60_000 })],
      ["PUT", testSource(3 * MIB + 17, { byteStream: false })],
      ["PUT", testSource(2 * MIB, { byteStream: false, chunk: 3 * MIB })],
    ];
    for (const [method, body] of table) {
      const size = body === undefined
        ? 0
        : body instanceof Uint8Array
        ? body.byteLength
        : body.size;
      const response = await transport(
        request(server.url(), { method, body }),
      );
      assertEquals(await response.text(), `${size} true`);
      const head = server.heads.at(-1)!;
      assertMatch(head, new RegExp(`^content-length: ${size}$`, "m"));
      assertNotMatch(head, /^transfer-encoding:/m);
      assertMatch(head, /^accept-encoding: identity$/m);
    }
    assertEquals(server.connections, 1);
    transport.close?.();
  });

  Deno.test(`${name} keeps repeated headers, lengths of HEAD, and the query as written`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      while (await connection.readHead()) {
        await connection.write(
          'HTTP/1.1 401 Nope\r\nWWW-Authenticate: Basic realm="a"\r\n' +
            'WWW-Authenticate: Bearer realm="b,c"\r\nSet-Cookie: a=1\r\n' +
            "Set-Cookie: b=2\r\nContent-Length: 12\r\n\r\n",
        );
      }
    });
    const transport = make();
    const path = "/v2/%7Ea/b?_state=a%2Fb+c&empty&x=%20";
    const response = await transport(
      request(server.url(path), { method: "HEAD" }),
    );
    assertEquals(response.status, 401);
    assertEquals(response.body, null);
    assertEquals(response.headers.get("content-length"), "12");
    assertEquals(
      response.headers.get("www-authenticate"),
      'Basic realm="a", Bearer realm="b,c"',
    );
    assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
    assertEquals(server.heads[0]!.split("\r\n")[0], `HEAD ${path} HTTP/1.1`);
    transport.close?.();
  });

  Deno.test(`${name} leaves redirects and encoded bodies as they are`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await connection.respond("307 Temporary Redirect", {
        location: "/elsewhere",
        "content-encoding": "gzip",
      }, "not gzip");
    });
    const transport = make();
    const response = await transport(request(server.url()));
    assertEquals(response.status, 307);
    assertEquals(response.headers.get("location"), "/elsewhere");
    assertEquals(await response.text(), "not gzip");
    assertEquals(server.heads.length, 1);
    transport.close?.();
  });

  for (const hostname of ["127.0.0.1", "::1"]) {
    // fetch alone asks where the system says.
    const isPlain = name === "fetchTransport()" && hostname === "::1";
    const hasAddress = hostname !== "::1" || hasIpv6();
    if (isPlain) continue;
    Deno.test({
      name: `${name} reaches localhost where only ${hostname} listens`,
      ignore: !hasAddress,
      async fn() {
        await using server = new ScriptedServer(async (connection) => {
          while (await connection.readHead()) {
            await connection.respond("200 OK", {}, "here");
          }
        }, { hostname });
        const transport = make();
        for (const method of ["GET", "PUT"]) {
          const url = server.url("/", "localhost");
          const response = await transport(request(url, { method }));
          assertEquals(await response.text(), "here");
        }
        assertMatch(
          server.heads[0]!,
          new RegExp(`host: localhost:${server.port}`),
        );
        transport.close?.();
      },
    });
  }

  Deno.test(`${name} fails a body that is cut off after what arrived`, async () => {
    await using server = new ScriptedServer(async (connection, index) => {
      await connection.readHead();
      const head = index === 0
        ? "content-length: 10\r\n\r\nabc"
        : "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
      await connection.write(`HTTP/1.1 200 OK\r\n${head}`);
    });
    const transport = make();
    for (let i = 0; i < 2; i++) {
      const response = await transport(request(server.url("/v2/?sig=secret")));
      const reader = response.body!.getReader();
      const { value } = await reader.read();
      assertEquals(new TextDecoder().decode(value), "abc");
      const error = await assertRejects(() => reader.read(), ConnectionError);
      assertEquals(error.code, "CONNECTION_RESET");
      assertNotMatch(Deno.inspect(error), /secret/);
    }
    transport.close?.();
  });

  Deno.test(`${name} reads bodies that end with the connection`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc");
    });
    const transport = make();
    const response = await transport(request(server.url()));
    assertEquals(await response.text(), "abc");
    transport.close?.();
  });

  Deno.test(`${name} tells why there was no answer`, async () => {
    await using dead = new ScriptedServer(async (connection) => {
      await connection.readHead();
    });
    await using foreign = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await connection.write("220 mail.example ready\r\n\r\n");
    });
    const closed = new ScriptedServer(() => Promise.resolve());
    await closed[Symbol.asyncDispose]();
    const transport = make();
    const table: [URL, string, RegExp][] = [
      [
        new URL("http://nobody.invalid/v2/?sig=secret"),
        "HOST_UNKNOWN",
        /^Cannot GET http:\/\/nobody\.invalid\/v2\/\S*: host nobody\.invalid is unknown$/,
      ],
      [
        closed.url("/v2/?sig=secret"),
        "CONNECTION_REFUSED",
        /: 127\.0\.0\.1:\d+ refused the connection$/,
      ],
      [dead.url("/v2/?sig=secret"), "CONNECTION_RESET", /: the connection to/],
      [foreign.url("/v2/?sig=secret"), "CONNECTION_FAILED", /is not HTTP$/],
    ];
    for (const [url, code, message] of table) {
      const error = await assertRejects(
        () => transport(request(url)),
        ConnectionError,
      );
      assertEquals(error.code, code);
      assertMatch(error.message, message);
      assertNotMatch(Deno.inspect(error), /secret/);
    }
    transport.close?.();
  });

  Deno.test(`${name} rejects with the signal's reason at each stage`, async (t) => {
    const reason = new Error("enough");
    await t.step("before the request", async () => {
      const transport = make();
      const signal = AbortSignal.abort(reason);
      const url = new URL("http://127.0.0.1:1/");
      const error = await assertRejects(() =>
        transport(request(url, { signal }))
      );
      assertEquals(error, reason);
      transport.close?.();
    });
    await t.step("before the answer", async () => {
      const control = new AbortController();
      let ended = false;
      const server = new ScriptedServer(async (connection) => {
        await connection.readHead();
        control.abort(reason);
        ended = await connection.ended();
      });
      const transport = make();
      const error = await assertRejects(() =>
        transport(request(server.url(), { signal: control.signal }))
      );
      assertEquals(error, reason);
      transport.close?.();
      await server[Symbol.asyncDispose]();
      assert(ended || server.heads.length === 1);
      assertEquals(server.connections, 1);
    });
    await t.step("in the middle of the answer's body", async () => {
      const control = new AbortController();
      await using server = new ScriptedServer(async (connection) => {
        await connection.readHead();
        await connection.write(
          "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
        );
        await connection.ended();
      });
      const transport = make();
      const response = await transport(
        request(server.url(), { signal: control.signal }),
      );
      const reader = response.body!.getReader({ mode: "byob" });
      const { value } = await reader.read(new Uint8Array(10));
      assertEquals(value?.byteLength, 3);
      const pending = reader.read(new Uint8Array(10));
      control.abort(reason);
      assertEquals(await assertRejects(() => pending), reason);
      assertEquals(server.connections, 1);
      transport.close?.();
    });
  });

  Deno.test(`${name} holds back a fast sender while its reader rests`, async () => {
    const total = 256 * MIB;
    let written = () => 0;
    await using server = new ScriptedServer(async (connection) => {
      written = () => connection.written;
      await connection.readHead();
      await connection.write(
        `HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`,
      );
      const block = new Uint8Array(MIB);
      while (connection.written < total) await connection.write(block);
    });
    const transport = make();
    const response = await transport(request(server.url(), { large: true }));
    const reader = response.body!.getReader();
    await reader.read();
    await new Promise((done) => setTimeout(done, 300));
    assert(
      written() < 32 * MIB,
      `${written()} bytes were taken from the sender`,
    );
    await reader.cancel();
    transport.close?.();
  });
}

Deno.test("fetchTransport() refuses a source that it cannot send with a length", async () => {
  const [, make] = NETWORK_BASES.find(([name]) => name.startsWith("fetch"))!;
  const transport = make();
  const body = testSource(transport.maxBodySize! + 1);
  await assertRejects(
    () =>
      transport(
        request(new URL("http://127.0.0.1:1/"), { method: "PUT", body }),
      ),
    TypeError,
    "upload it in parts",
  );
  assertEquals(body.opened, 0);
  transport.close?.();
});

for (const [name, make] of NETWORK_BASES) {
  Deno.test(`${name} never completes a request whose source has another size`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      const head = await connection.readHead();
      if (head === undefined) return;
      const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
      const seen = await connection.skip(length);
      assert(seen < length, "the body was sent to its end");
    });
    const transport = make();
    for (const byteStream of [true, false]) {
      for (const size of [5, MIB, 3 * MIB]) {
        for (const actual of [size - 1, size + 1, 0, 2 * size]) {
          const body = testSource(size, { actual, byteStream });
          const error = await assertRejects(
            () => transport(request(server.url(), { method: "PUT", body })),
            ContentError,
          );
          assertEquals(error.code, "SIZE_MISMATCH");
        }
      }
    }
    transport.close?.();
  });

  Deno.test(`${name} throws what the source throws`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await connection.ended();
    });
    const transport = make();
    const failure = new Error("disk on fire");
    const opens: Source["open"][] = [
      () => Promise.reject(failure),
      () => new ReadableStream({ pull: () => Promise.reject(failure) }),
      () =>
        new ReadableStream({
          type: "bytes",
          pull: () => Promise.reject(failure),
        }),
    ];
    for (const open of opens) {
      const body = { size: 2 * MIB, open };
      const error = await assertRejects(() =>
        transport(request(server.url(), { method: "PUT", body }))
      );
      assertEquals(error, failure);
    }
    transport.close?.();
  });
}

for (const [name, make] of STREAMING_BASES) {
  Deno.test(`${name} delivers an early answer and lets the source go`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await connection.read(64 * 1024);
      await connection.respond("401 Unauthorized", {
        connection: "close",
        "www-authenticate": 'Bearer realm="x"',
      }, "no");
    });
    const transport = make();
    for (const byteStream of [true, false]) {
      const body = testSource(512 * MIB, { byteStream });
      const response = await transport(
        request(server.url(), { method: "PUT", body }),
      );
      assertEquals(response.status, 401);
      assertEquals(await response.text(), "no");
      assertEquals(body.cancelled, 1);
      assert(body.given < 64 * MIB);
    }
    transport.close?.();
  });

  Deno.test(`${name} does not reuse a connection whose request was cut short`, async () => {
    await using server = new ScriptedServer(async (connection, index) => {
      await connection.readHead();
      // Keeps the connection open, and answers before the body has come.
      await connection.respond(index === 0 ? "401 Unauthorized" : "200 OK");
      await connection.skip(Infinity);
    });
    const transport = make();
    const body = testSource(64 * MIB);
    const early = await transport(
      request(server.url(), { method: "PUT", body }),
    );
    assertEquals(early.status, 401);
    await early.text();
    const next = await transport(
      request(server.url(), { method: "PUT", body: new Uint8Array(3) }),
    );
    assertEquals(next.status, 200);
    await next.text();
    assertEquals(server.connections, 2);
    transport.close?.();
  });

  Deno.test(`${name} aborts an upload with the signal's reason`, async () => {
    const reason = new Error("enough");
    for (const byteStream of [true, false]) {
      const control = new AbortController();
      await using server = new ScriptedServer(async (connection) => {
        await connection.readHead();
        await connection.read(64 * 1024);
        control.abort(reason);
        assert(await connection.skip(256 * MIB) < 256 * MIB);
      });
      const transport = make();
      const body = testSource(256 * MIB, { byteStream });
      const error = await assertRejects(() =>
        transport(
          request(server.url(), {
            method: "PUT",
            body,
            signal: control.signal,
          }),
        )
      );
      assertEquals(error, reason);
      assertEquals(body.cancelled, 1);
      assertEquals(server.connections, 1);
      transport.close?.();
    }
  });

  Deno.test(`${name} holds a fast source back while the server rests`, async () => {
    const total = 256 * MIB;
    let proceed = () => {};
    await using server = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await new Promise<void>((done) => proceed = done);
      await connection.skip(total);
      await connection.respond("201 Created");
    });
    const transport = make();
    for (const byteStream of [true, false]) {
      const body = testSource(total, { byteStream, chunk: MIB });
      const pending = transport(
        request(server.url(), { method: "PUT", body }),
      );
      await new Promise((done) => setTimeout(done, 300));
      assert(body.given < 32 * MIB, `${body.given} bytes were read ahead`);
      proceed();
      const response = await pending;
      assertEquals(response.status, 201);
      await response.text();
    }
    transport.close?.();
  });

  Deno.test(`${name} sends a request with effects once when its kept-alive connection is dead`, async (t) => {
    const table: [
      string,
      () => Uint8Array<ArrayBuffer> | Source | undefined,
    ][] = [
      ["POST", () => undefined],
      ["POST", () => new Uint8Array(10)],
      ["PUT", () => testSource(5 * MIB)],
      ["PATCH", () => testSource(5 * MIB, { byteStream: false })],
      ["DELETE", () => undefined],
    ];
    for (const [method, body] of table) {
      const bodyless = body() === undefined;
      for (const dies of ["at once", "with the head", "with the body"]) {
        if (dies === "with the body" && bodyless) continue;
        await t.step(`${method}, dies ${dies}`, async () => {
          let died = () => {};
          let headless = false;
          const death = new Promise<void>((done) => died = done);
          await using server = new ScriptedServer(async (connection, index) => {
            const head = await connection.readHead();
            if (index > 0) {
              headless ||= head === undefined && connection.received > 0;
              return;
            }
            await connection.respond("202 Accepted");
            if (dies !== "at once") await connection.readHead();
            if (dies === "with the body") await connection.read(10);
            connection.close();
            died();
          });
          const transport = make();
          const first = await transport(
            request(server.url(), { method: "POST" }),
          );
          await first.text();
          if (dies === "at once") await death;
          // Whether the runtime saw the end in time decides between a new
          // connection and a failure; what must not be is a second sending.
          const second = await transport(
            request(server.url("/second"), { method, body: body() }),
          ).catch((error) => error);
          assert(second instanceof ConnectionError, String(second));
          assertEquals(second.code, "CONNECTION_RESET");
          const sent = server.heads.filter((head) => head.includes("/second"));
          assert(sent.length <= 1, `it was sent ${sent.length} times`);
          assert(!headless, "a body came without its head");
          for (const head of server.heads) {
            assertMatch(head, /^[A-Z]+ \/\S* HTTP\/1\.1\r\n/);
          }
          transport.close?.();
        });
      }
    }
  });

  Deno.test(`${name} sends no body without its head when a kept-alive connection dies in between`, async () => {
    const seen: string[] = [];
    let died = () => {};
    const death = new Promise<void>((done) => died = done);
    await using server = new ScriptedServer(async (connection, index) => {
      if (index > 0) {
        const head = await connection.readHead();
        seen.push(head?.split("\r\n")[0] ?? `${connection.received} bytes`);
        return;
      }
      await connection.readHead();
      await connection.respond("202 Accepted");
      await connection.readHead();
      await connection.skip(MIB);
      connection.close();
      died();
    });
    const transport = make();
    const first = await transport(request(server.url(), { method: "POST" }));
    await first.text();
    let given = 0;
    const body = {
      size: 4 * MIB,
      open: () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          type: "bytes",
          async pull(controller) {
            // The first MiB is on the wire; the others come after the end.
            if (given === 2) await death;
            controller.enqueue(pattern(0, MIB));
            if (++given === 4) controller.close();
          },
        }),
    };
    const error = await assertRejects(
      () => transport(request(server.url(), { method: "PUT", body })),
      ConnectionError,
    );
    assertEquals(error.code, "CONNECTION_RESET");
    assertEquals(seen, []);
    transport.close?.();
  });

  Deno.test(`${name} asks at a port that browsers block, and takes a long head`, async () => {
    const transport = make();
    const error = await assertRejects(
      () => transport(request(new URL("http://127.0.0.1:1/"))),
      ConnectionError,
    );
    assertEquals(error.code, "CONNECTION_REFUSED");
    await using server = new ScriptedServer(async (connection) => {
      while (await connection.readHead()) {
        await connection.respond("200 OK", { "x-long": "x".repeat(100_000) });
      }
    });
    for (const method of ["GET", "PUT"]) {
      const response = await transport(request(server.url(), { method }));
      assertEquals(response.headers.get("x-long")?.length, 100_000);
      await response.text();
    }
    transport.close?.();
  });

  Deno.test(`${name} honours another Host`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      while (await connection.readHead()) await connection.respond("200 OK");
    });
    const transport = make();
    const headers = new Headers({ host: "registry.example" });
    for (const method of ["GET", "PUT"]) {
      const response = await transport(
        request(server.url(), { method, headers }),
      );
      await response.text();
      assertMatch(server.heads.at(-1)!, /^host: registry\.example$/m);
    }
    transport.close?.();
  });

  Deno.test(`${name} keeps connections, also after a small body is cancelled`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      while (await connection.readHead()) {
        await connection.respond("200 OK", {}, "x".repeat(1000));
      }
    });
    const transport = make();
    for (let i = 0; i < 4; i++) {
      const response = await transport(
        request(server.url(), { method: "POST" }),
      );
      if (i % 2) await response.body!.cancel();
      else await response.text();
      await new Promise((done) => setTimeout(done, 10));
    }
    assertEquals(server.connections, 1);
    transport.close?.();
  });

  Deno.test(`${name} connects where a rule says, and says the name that was asked for`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      while (await connection.readHead()) await connection.respond("200 OK");
    });
    const transport = make({
      resolve: [
        { host: "registry.invalid", port: 80, address: "192.0.2.1" },
        {
          host: "registry.invalid",
          port: 80,
          address: "127.0.0.1",
          targetPort: server.port,
        },
      ],
    });
    const response = await transport(
      request(new URL("http://registry.invalid/v2/")),
    );
    assertEquals(response.status, 200);
    await response.text();
    assertMatch(server.heads[0]!, /^host: registry\.invalid$/m);
    transport.close?.();
  });
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
