import { assertEquals, assertRejects } from "@std/assert";
import {
  Digest,
  DigestMismatchError,
  SizeMismatchError,
  verifyStream,
} from "@gantry/oci/digest";

const HELLO = new TextEncoder().encode("hello");

/** The two kinds of upstream: a byte stream and a stream of values. */
const UPSTREAMS = {
  bytes: (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]).stream(),
  values: (bytes: Uint8Array<ArrayBuffer>) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) {
          controller.enqueue(Uint8Array.of(byte));
          controller.enqueue(new Uint8Array());
        }
        controller.close();
      },
    }),
};
const READERS = {
  default: async (stream: ReadableStream<Uint8Array>) => {
    let text = "";
    for await (const chunk of stream) text += new TextDecoder().decode(chunk);
    return text;
  },
  byob: async (stream: ReadableStream<Uint8Array>) => {
    const reader = stream.getReader({ mode: "byob" });
    let text = "";
    let buffer = new Uint8Array(3);
    while (true) {
      const { value, done } = await reader.read(buffer, { min: 3 });
      if (value) text += new TextDecoder().decode(value);
      if (done) return text;
      buffer = new Uint8Array(value.buffer);
    }
  },
};

for (const [from, upstream] of Object.entries(UPSTREAMS)) {
  for (const [by, read] of Object.entries(READERS)) {
    const name = `verifyStream() over ${from} read by a ${by} reader`;
    Deno.test(`${name} passes good content through`, async () => {
      const digest = String(await Digest.fromBytes(HELLO));
      assertEquals(
        await read(verifyStream(upstream(HELLO), { digest, size: 5 })),
        "hello",
      );
      assertEquals(
        await read(verifyStream(upstream(HELLO), { digest })),
        "hello",
      );
    });
    Deno.test(`${name} passes empty content through`, async () => {
      const empty = new Uint8Array();
      const digest = String(await Digest.fromBytes(empty));
      assertEquals(
        await read(verifyStream(upstream(empty), { digest, size: 0 })),
        "",
      );
    });
    Deno.test(`${name} fails at the end of tampered content`, async () => {
      const digest = String(await Digest.fromString("jello"));
      const error = await assertRejects(
        () => read(verifyStream(upstream(HELLO), { digest, size: 5 })),
        DigestMismatchError,
      );
      assertEquals(error.expected, digest);
      assertEquals(error.actual, String(await Digest.fromBytes(HELLO)));
    });
    Deno.test(`${name} fails on short and on long content`, async () => {
      const digest = String(await Digest.fromBytes(HELLO));
      const short = await assertRejects(
        () => read(verifyStream(upstream(HELLO), { digest, size: 6 })),
        SizeMismatchError,
      );
      assertEquals([short.expected, short.actual], [6, 5]);
      await assertRejects(
        () => read(verifyStream(upstream(HELLO), { digest, size: 4 })),
        SizeMismatchError,
      );
    });
  }
}

Deno.test("verifyStream() stops an endless body at its size and cancels the upstream", async () => {
  let cancelled: unknown;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel: (reason) => {
      cancelled = reason;
    },
  });
  const digest = String(await Digest.fromBytes(HELLO));
  const error = await assertRejects(
    () => READERS.default(verifyStream(endless, { digest, size: 5 })),
    SizeMismatchError,
  );
  assertEquals(cancelled, error);
});

Deno.test("verifyStream() hands a consumer's cancel upstream", async () => {
  let cancelled: unknown;
  const upstream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(HELLO),
    cancel: (reason) => {
      cancelled = reason;
    },
  });
  const digest = String(await Digest.fromBytes(HELLO));
  await verifyStream(upstream, { digest }).cancel("enough");
  assertEquals(cancelled, "enough");
});

Deno.test("verifyStream() leaves the memory of the pieces it is given alone", async () => {
  const bytes = HELLO.slice();
  const digest = String(await Digest.fromBytes(bytes));
  // Two pieces of one buffer, which is wanted again afterwards.
  const open = () =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(bytes.subarray(0, 2));
        controller.enqueue(bytes.subarray(2));
        controller.close();
      },
    });
  for (let reading = 0; reading < 2; reading++) {
    const stream = verifyStream(open(), { digest, size: 5 });
    assertEquals(await new Response(stream).text(), "hello");
  }
  assertEquals(bytes, HELLO);
});
