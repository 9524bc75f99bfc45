import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Digest, verifyStream } from "@gantry/oci/digest";

Deno.test("verifyStream() leaves the memory of a Buffer alone", async () => {
  // A Buffer's own slice() is no copy.
  const piece = Buffer.from("hello");
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(piece);
      controller.close();
    },
  });
  const digest = String(await Digest.fromString("hello"));
  const text = await new Response(verifyStream(stream, { digest })).text();
  assertEquals([text, piece.toString()], ["hello", "hello"]);
});
