import { assert, assertEquals } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { gantryCommand } from "../_support/gantry.ts";

const SIZE = 8 * 1024 * 1024;
/** So much arrives of the blob before nothing comes any more. */
const SENT = 5 * 1024 * 1024;

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  Deno.test({
    name:
      `a pull that ${signal} ended goes on where it was, and fetches nothing twice`,
    ignore: Deno.build.os === "windows",
    async fn() {
      const registry = createRegistry();
      const ranges: (string | null)[] = [];
      const stalled = Promise.withResolvers<void>();
      let digest = "none";
      let isBroken = false;
      await using box = await openSandbox(async (request) => {
        const response = await registry.fetch(request);
        const isBlob = request.method === "GET" &&
          request.url.endsWith(digest);
        if (!isBlob) return response;
        ranges.push(request.headers.get("range"));
        if (!isBroken) return response;
        const bytes = await response.bytes();
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(bytes.subarray(0, SENT));
            stalled.resolve();
          },
        });
        return new Response(body, response);
      });
      const content = new Uint8Array(SIZE);
      for (let index = 0; index < SIZE; index += 4096) {
        content[index] = index >> 12;
      }
      await box.write("big.bin", content);
      const reference = `${box.host}/app:v1`;
      await box.ok("push", reference, "big.bin");
      const { layers } = JSON.parse(
        await box.ok("manifest", "fetch", reference),
      );
      digest = layers[0].digest;

      isBroken = true;
      const [program, ...words] = gantryCommand();
      const child = new Deno.Command(program!, {
        args: [...words, "pull", reference, "-o", "out"],
        cwd: box.folder,
        stdout: "null",
        stderr: "null",
      }).spawn();
      await stalled.promise;
      const part = async () => {
        for await (const { name } of Deno.readDir(`${box.folder}/out`)) {
          const { size } = await Deno.stat(`${box.folder}/out/${name}`);
          return { name, size };
        }
        return undefined;
      };
      // What is read at once is 1 MiB at most, and written when it is whole.
      const expected = SENT - 1024 * 1024;
      while (((await part().catch(() => undefined))?.size ?? 0) < expected) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill(signal);
      assert(!(await child.status).success);
      const { name, size } = (await part())!;
      assertEquals(name.startsWith(".gantry-"), true);

      isBroken = false;
      await box.ok("pull", reference, "-o", "out");
      assertEquals(ranges, [null, `bytes=${size}-`]);
      assertEquals(await Deno.readFile(`${box.folder}/out/big.bin`), content);
      const names = await Array.fromAsync(
        Deno.readDir(`${box.folder}/out`),
        ({ name }) => name,
      );
      assertEquals(names, ["big.bin"]);
    },
  });
}
