import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  ConnectionError,
  guardStalls,
  limitTime,
  RegistryClient,
} from "@gantry/oci/distribution";
import { found } from "../_support/programs.ts";
import { makeCertificates } from "../_support/certificates.ts";
import { ScriptedServer } from "../_support/scripted_server.ts";
import {
  NETWORK_BASES,
  request,
  STREAMING_BASES,
  testSource,
} from "../_support/transports.ts";

const MIB = 1024 * 1024;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

for (const [name, make] of NETWORK_BASES) {
  Deno.test(`guardStalls() ends a request through ${name} whose registry stays silent`, async () => {
    const over = Promise.withResolvers<void>();
    await using server = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await over.promise;
    });
    const base = make();
    const transport = guardStalls(base, { timeout: 100 });
    for (const method of ["GET", "PUT"]) {
      const error = await assertRejects(
        () => transport(request(server.url("/v2/?sig=secret"), { method })),
        ConnectionError,
      );
      assertEquals(error.code, "STALL_TIMEOUT");
      assertMatch(
        error.message,
        /^Cannot (GET|PUT) .*sig=\*{5}: 127\.0\.0\.1:\d+ gave no sign of life for 0\.1 s$/,
      );
    }
    over.resolve();
    base.close?.();
  });

  Deno.test(`guardStalls() ends a body through ${name} that stalls, and none whose reader rests`, async () => {
    const over = Promise.withResolvers<void>();
    await using server = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
      await pause(40);
      await connection.write("def");
      await over.promise;
    });
    const base = make();
    const transport = guardStalls(base, { timeout: 150 });
    const response = await transport(request(server.url()));
    const reader = response.body!.getReader();
    let text = "";
    const error = await assertRejects(async () => {
      while (true) {
        const { value } = await reader.read();
        text += new TextDecoder().decode(value);
        if (text.length <= 3) await pause(300);
      }
    }, ConnectionError);
    assertEquals([error.code, text], ["STALL_TIMEOUT", "abcdef"]);
    over.resolve();
    base.close?.();
  });

  Deno.test(`guardStalls() and limitTime() pass on an abort through ${name} with its reason`, async () => {
    const over = Promise.withResolvers<void>();
    await using server = new ScriptedServer(async (connection, index) => {
      await connection.readHead();
      if (index > 0) {
        await connection.write(
          "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
        );
      }
      await over.promise;
    });
    const base = make();
    const transport = limitTime(guardStalls(base), { timeout: 60_000 });
    const early = new AbortController();
    const late = new AbortController();
    setTimeout(() => early.abort(new Error("early")), 50);
    await assertRejects(
      () => transport(request(server.url(), { signal: early.signal })),
      Error,
      "early",
    );
    const response = await transport(
      request(server.url(), { signal: late.signal }),
    );
    const body = response.text();
    late.abort(new Error("late"));
    await assertRejects(() => body, Error, "late");
    over.resolve();
    base.close?.();
  });
}

for (const [name, make] of STREAMING_BASES) {
  Deno.test(`guardStalls() ends an upload through ${name} that nobody takes`, async () => {
    const over = Promise.withResolvers<void>();
    await using server = new ScriptedServer(async (connection) => {
      await connection.readHead();
      await over.promise;
    });
    const base = make();
    const transport = guardStalls(base, { timeout: 200 });
    const body = testSource(64 * MIB);
    const error = await assertRejects(
      () => transport(request(server.url(), { method: "PUT", body })),
      ConnectionError,
    );
    assertEquals(error.code, "STALL_TIMEOUT");
    assertEquals(body.cancelled, 1);
    over.resolve();
    base.close?.();
  });

  Deno.test(`guardStalls() waits through ${name} for a slow source, and for a slow server that still takes bytes`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      const head = await connection.readHead();
      const size = Number(/content-length: (\d+)/.exec(head!)![1]);
      let seen = 0;
      while (seen < size) {
        const count = Math.min(2 * MIB, size - seen);
        seen += await connection.skip(count);
        await pause(50);
      }
      await connection.respond("201 Created", {}, String(seen));
    });
    const base = make();
    const transport = guardStalls(base, { timeout: 1_000 });
    const slow = {
      size: 6,
      open: async () => {
        await pause(1_100);
        return new ReadableStream<Uint8Array<ArrayBuffer>>({
          async pull(controller) {
            await pause(1_100);
            controller.enqueue(new TextEncoder().encode("abcdef"));
            controller.close();
          },
        });
      },
    };
    for (const body of [slow, testSource(64 * MIB)]) {
      const response = await transport(
        request(server.url(), { method: "PUT", body }),
      );
      assertEquals(await response.text(), String(body.size));
    }
    base.close?.();
  });

  Deno.test(`${name} tells what of a body the connection took`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      for (let i = 0; i < 2; i++) {
        await connection.readHead();
        await connection.skip(3 * MIB + 5);
        await connection.respond("201 Created");
      }
    });
    const base = make();
    for (
      const body of [testSource(3 * MIB + 5), new Uint8Array(3 * MIB + 5)]
    ) {
      let sent = 0;
      const onSent = (bytes: number) => void (sent += bytes);
      const response = await base(
        request(server.url(), { method: "PUT", body, onSent }),
      );
      await response.body?.cancel();
      // The last piece may go out with the end of the request, which tells nothing.
      assertEquals(sent >= 3 * MIB, true, `${sent}`);
    }
    base.close?.();
  });

  Deno.test(`${name} wants a connect timeout above 0`, () => {
    let error: unknown;
    try {
      make({ connectTimeout: 0 });
    } catch (thrown) {
      error = thrown;
    }
    assertEquals(error instanceof RangeError, true);
  });

  Deno.test({
    name: `${name} gives up a connection that does not come about in time`,
    ignore: !found("openssl") || Deno.build.os !== "linux",
    async fn() {
      await using blocked = await fullListener();
      const { ca, server: tls } = await makeCertificates();
      await using mute = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls },
        async () => {
          await pause(700);
          return new Response("late");
        },
      );
      const base = make({ connectTimeout: 400, caCerts: [ca.cert] });
      for (const method of ["GET", "PUT"]) {
        const url = new URL(`http://127.0.0.1:${blocked.port}/v2/`);
        const error = await assertRejects(
          () => base(request(url, { method })),
          ConnectionError,
        );
        assertEquals(error.code, "CONNECT_TIMEOUT");
        assertMatch(
          error.message,
          /: no connection to 127\.0\.0\.1:\d+ came about within 0\.4 s$/,
        );
        // Who is connected may take more time for the answer, on a new connection and on an old.
        for (let round = 0; round < 2; round++) {
          const slow = new URL(`https://localhost:${mute.addr.port}/`);
          const response = await base(request(slow, { method }));
          assertEquals(await response.text(), "late");
        }
      }
      base.close?.();
    },
  });
}

Deno.test("RegistryClient repeats a request that stalled, and ends what takes too long in all", async () => {
  const over = Promise.withResolvers<void>();
  await using server = new ScriptedServer(async (connection, index) => {
    await connection.readHead();
    if (index === 1) return await connection.respond("200 OK");
    await over.promise;
  });
  const options = { plainHttp: true, retry: { baseDelay: 1 } };
  const registry = `127.0.0.1:${server.port}`;
  const patient = new RegistryClient(registry, {
    ...options,
    stallTimeout: 100,
  });
  await patient.ping();
  const hurried = new RegistryClient(registry, {
    ...options,
    timeout: 200,
    retry: { maxAttempts: 100, baseDelay: 1 },
    stallTimeout: 30,
  });
  const error = await assertRejects(() => hurried.ping(), ConnectionError);
  assertEquals(error.code, "DEADLINE_EXCEEDED");
  assertMatch(error.message, /^Cannot GET .*: it was not done within 0\.2 s$/);
  over.resolve();
  patient.close();
  hurried.close();
});

/** A listener that takes no connection any more, because nobody accepts those that wait. */
async function fullListener(): Promise<{ port: number } & AsyncDisposable> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const waiting: Deno.Conn[] = [];
  const attempts: Promise<void>[] = [];
  const abort = new AbortController();
  let isFull = false;
  while (!isFull) {
    isFull = true;
    const batch = Array.from({ length: 64 }, async () => {
      try {
        waiting.push(
          await Deno.connect({
            hostname: "127.0.0.1",
            port,
            signal: abort.signal,
          }),
        );
        isFull = false;
      } catch {
        // One that is not let in any more.
      }
    });
    attempts.push(...batch);
    await Promise.race([Promise.all(batch), pause(200)]);
    if (waiting.length > 10_000) throw new Error("the queue has no end");
  }
  abort.abort();
  return {
    port,
    async [Symbol.asyncDispose]() {
      await Promise.all(attempts);
      for (const conn of waiting) conn.close();
      listener.close();
    },
  };
}
