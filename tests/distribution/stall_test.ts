import { assertFalse, assertRejects } from "@std/assert";
import { guardStalls, type Source } from "@gantry/oci/distribution";

Deno.test("guardStalls() counts no more once its request has failed", async () => {
  const { promise: given, resolve: give } = Promise.withResolvers<void>();
  const body: Source = {
    size: 1,
    open: () =>
      Promise.resolve(
        new ReadableStream({
          type: "bytes",
          async pull(controller) {
            await given;
            controller.enqueue(Uint8Array.of(1));
            controller.close();
          },
        }),
      ),
  };
  let signal: AbortSignal | undefined;
  let reading: Promise<unknown> | undefined;
  const transport = guardStalls(async (request) => {
    signal = request.signal;
    const stream = await (request.body as Source).open();
    reading = stream.getReader().read();
    throw new TypeError("The line was cut");
  }, { timeout: 1 });
  const url = new URL("https://registry.example/v2/");
  await assertRejects(
    () => transport({ method: "PUT", url, headers: new Headers(), body }),
    TypeError,
    "The line was cut",
  );
  give();
  await reading;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertFalse(signal!.aborted);
});
