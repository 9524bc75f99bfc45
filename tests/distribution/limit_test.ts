import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  fromHandler,
  limit,
  type LimitOptions,
  RegistryClient,
} from "@gantry/oci/distribution";
import { bytesOf } from "../_support/bytes_of.ts";
import { request } from "../_support/test_source.ts";

/** A handler that counts how many requests it has at once, and ends them when told. */
function counting() {
  const open: Array<() => void> = [];
  let most = 0;
  const transport = fromHandler(async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    open.push(resolve);
    most = Math.max(most, open.length);
    await promise;
    return new Response("ok");
  });
  return {
    transport,
    open,
    get most(): number {
      return most;
    },
  };
}

async function turns(): Promise<void> {
  // Where bodies are read outside of the script, microtasks alone do not end.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}

Deno.test("limit() lets only so many requests through at once, in their order, for each host", async () => {
  const server = counting();
  const transport = limit(server.transport, { concurrency: 2 });
  const done: number[] = [];
  const all = [0, 1, 2, 3, 4].map(async (number) => {
    const response = await transport(request(new URL("http://a.example/")));
    await response.text();
    done.push(number);
  });
  const other = transport(request(new URL("http://b.example/")));
  await turns();
  assertEquals(server.open.length, 3);
  while (done.length < 5) {
    server.open.shift()?.();
    await turns();
  }
  await Promise.all(all);
  for (const end of server.open) end();
  await (await other).text();
  assertEquals([server.most, done], [3, [0, 1, 2, 3, 4]]);
});

Deno.test("limit() keeps a place until the body has ended, is let go, or has failed", async () => {
  let count = 0;
  const transport = limit(
    fromHandler(() => {
      const isBroken = count++ === 2;
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (isBroken) throw new Error("broken");
            controller.enqueue(new Uint8Array(8));
            controller.close();
          },
        }),
      );
    }),
    { concurrency: 1 },
  );
  const send = () => transport(request(new URL("http://a.example/")));
  await (await send()).arrayBuffer();
  await (await send()).body!.cancel();
  const broken = await send();
  await assertRejects(() => bytesOf(broken.body!), Error, "broken");
  await (await send()).arrayBuffer();
  assertEquals(count, 4);
});

Deno.test("limit() gives the place of a failed request to the next", async () => {
  let count = 0;
  const transport = limit(
    () =>
      count++ === 0
        ? Promise.reject(new Error("no"))
        : Promise.resolve(new Response(null)),
    { concurrency: 1 },
  );
  const url = new URL("http://a.example/");
  await assertRejects(() => transport(request(url)), Error, "no");
  for (let i = 0; i < 3; i++) await transport(request(url));
  assertEquals(count, 4);
});

Deno.test("limit() ends the waiting of a request with the signal's own reason", async () => {
  const server = counting();
  const transport = limit(server.transport, { concurrency: 1 });
  const url = new URL("http://a.example/");
  const first = transport(request(url));
  const controller = new AbortController();
  const second = transport(request(url, { signal: controller.signal }));
  const third = transport(request(url));
  await turns();
  controller.abort(new Error("enough"));
  await assertRejects(() => second, Error, "enough");
  server.open.shift()!();
  await (await first).text();
  await turns();
  server.open.shift()!();
  await (await third).text();
  assertEquals(server.most, 1);
});

Deno.test("limit() spreads requests over the second", async () => {
  let now = 0;
  const begun: number[] = [];
  const transport = limit(
    () => {
      begun.push(now);
      return Promise.resolve(new Response(null));
    },
    {
      rate: 4,
      clock: () => now,
      sleep: (ms) => {
        now += ms;
        return Promise.resolve();
      },
    },
  );
  for (let i = 0; i < 4; i++) {
    await transport(request(new URL("http://a.example/")));
  }
  now += 2000;
  await transport(request(new URL("http://a.example/")));
  assertEquals(begun, [0, 250, 500, 750, 2750]);
});

Deno.test("limit() makes nobody wait for requests that were given up", async () => {
  const now = 0;
  const pauses: number[] = [];
  const transport = limit(fromHandler(() => new Response(null)), {
    rate: 10,
    clock: () => now,
    sleep: (ms, signal) => {
      pauses.push(ms);
      return signal === undefined
        ? Promise.resolve()
        : new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        );
    },
  });
  const ask = async (signal?: AbortSignal) => {
    const one = request(new URL("http://a.example/"));
    await transport({ ...one, ...signal !== undefined && { signal } });
  };
  await ask();
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = Array.from({ length: 5 }, () => ask(controller.signal));
  const outcomes = Promise.allSettled(waiting);
  await turns();
  assertEquals(pauses, [100, 200, 300, 400, 500]);
  controller.abort(reason);
  assertEquals(
    await outcomes,
    waiting.map(() => ({ status: "rejected", reason })),
  );
  await ask();
  await ask();
  assertEquals(pauses.slice(5), [100, 200]);
});

Deno.test("limit() refuses limits that let nothing through", () => {
  const base = fromHandler(() => new Response());
  const table: LimitOptions[] = [
    { concurrency: 0 },
    { concurrency: NaN },
    { rate: 0 },
    { rate: -1 },
  ];
  for (const options of table) {
    assertThrows(() => limit(base, options), RangeError, "Cannot limit");
  }
});

Deno.test("RegistryClient keeps its limit, and takes no wait for a stall", async () => {
  let running = 0;
  let most = 0;
  const transport = fromHandler(async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 60));
    running--;
    return new Response(null);
  });
  const client = new RegistryClient("registry.example", {
    transport,
    limit: { concurrency: 1 },
    stallTimeout: 150,
    retry: { maxAttempts: 1 },
  });
  await Promise.all([1, 2, 3, 4, 5].map(() => client.ping()));
  assertEquals(most, 1);
});
