/** Byte streams whose makers close them, and leave the read that is under way without an answer. */
import { assert, assertEquals } from "@std/assert";
import { Digest, verifyStream } from "@gantry/oci/digest";

type Make = (
  pieces: number,
  size: number,
) => ReadableStream<Uint8Array<ArrayBuffer>>;

const MAKERS: Readonly<Record<string, Make>> = {
  "with its last piece": (pieces, size) => {
    let made = 0;
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        controller.enqueue(content(made * size, size));
        if (++made === pieces) controller.close();
      },
    });
  },
  "after its last piece": (pieces, size) => {
    let made = 0;
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (made === pieces) controller.close();
        else controller.enqueue(content(made++ * size, size));
      },
    });
  },
  "before it is read": (pieces, size) =>
    new ReadableStream({
      type: "bytes",
      start(controller) {
        for (let at = 0; at < pieces; at++) {
          controller.enqueue(content(at * size, size));
        }
        controller.close();
      },
    }),
  "with its answer": (pieces, size) => {
    let made = 0;
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (made === pieces) {
          controller.close();
          controller.byobRequest?.respond(0);
        } else controller.enqueue(content(made++ * size, size));
      },
    });
  },
};

/** Other bytes at each place, so that none can be lost or moved. */
function content(start: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (start + at) % 251;
  return bytes;
}

const SHAPES = [[1, 1], [3, 100], [3, 700_000], [20, 65_536], [3, 1_048_576]];

for (const [when, make] of Object.entries(MAKERS)) {
  Deno.test(`Digest.fromStream() reads a byte stream to its end that is closed ${when}`, async () => {
    for (const [pieces, size] of SHAPES as [number, number][]) {
      const expected = await Digest.fromBytes(content(0, pieces * size));
      assertEquals(await Digest.fromStream(make(pieces, size)), expected);
    }
  });

  Deno.test(`verifyStream() ends with a byte stream that is closed ${when}`, async () => {
    for (const [pieces, size] of SHAPES as [number, number][]) {
      const bytes = content(0, pieces * size);
      const digest = await Digest.fromBytes(bytes);
      const expected = { digest: String(digest), size: bytes.byteLength };
      const stream = verifyStream(make(pieces, size), expected);
      const reader = stream.getReader({ mode: "byob" });
      const ring = new ArrayBuffer(bytes.byteLength + 9);
      const read = new Uint8Array(bytes.byteLength);
      let length = 0;
      let view = new Uint8Array(ring, 4);
      while (true) {
        const { value, done } = await reader.read(view, { min: view.length });
        read.set(value ?? [], length);
        length += value?.byteLength ?? 0;
        if (done || value === undefined) break;
        view = new Uint8Array(value.buffer, 4);
      }
      assertEquals(length, bytes.byteLength);
      assert(read.every((byte, at) => byte === bytes[at]));
    }
  });
}

Deno.test("Digest.fromStream() passes on why a byte stream failed", async () => {
  const reason = new Error("enough");
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    type: "bytes",
    pull: (controller) => controller.error(reason),
  });
  assertEquals(await Digest.fromStream(stream).catch((error) => error), reason);
});
