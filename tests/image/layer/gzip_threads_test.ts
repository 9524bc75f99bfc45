import { assertEquals } from "@std/assert";
import { compress } from "@gantry/oci/image/layer";
import { assertSame, gzip, MIB, text, toBytes } from "./_gzip_content.ts";

const LEFT = `
import { compress } from "@gantry/oci/image/layer";
import { streamOf } from "${new URL("_archives.ts", import.meta.url)}";
import { MIB, text } from "${new URL("_gzip_content.ts", import.meta.url)}";

const packed = compress(streamOf(text(16 * MIB), MIB), "gzip");
for (let seen = 0; seen < 12; seen++) await packed.next();
console.log("left");
`;

Deno.test("compress() does not keep a process alive that reads no further", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", LEFT],
    cwd: new URL(".", import.meta.url),
    signal: AbortSignal.timeout(60_000),
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "left\n");
  assertEquals(code, 0);
});

Deno.test("compress() goes on after a pause in which its threads have ended", async () => {
  const content = text(12 * MIB);
  async function* pausing(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let start = 0; start < content.byteLength; start += MIB) {
      if (start === 8 * MIB) await new Promise((go) => setTimeout(go, 800));
      yield content.slice(start, start + MIB);
    }
  }
  assertSame(await toBytes(compress(pausing(), "gzip")), await gzip(content));
});

Deno.test("compress() does without threads where there are none", async () => {
  const content = text(6 * MIB);
  const expected = await gzip(content);
  const { Worker } = globalThis;
  Reflect.deleteProperty(globalThis, "Worker");
  try {
    assertSame(await gzip(content), expected);
  } finally {
    globalThis.Worker = Worker;
  }
});
