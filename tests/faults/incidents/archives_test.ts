import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { LayerError, LayerLimitError } from "@gantry/oci/image/layer";
import { extractDirectory } from "@gantry/oci/image/layer/node";
import { archive, streamOf } from "../../image/layer/_archives.ts";
import { temporaryDirectory, tree } from "../../image/layer/_directories.ts";

Deno.test("a hard link is looked up in the archive, and never where the process is", async () => {
  // The name of a file that is there, seen from where this process runs.
  let sentinel: string | undefined;
  for await (const entry of Deno.readDir(".")) {
    if (entry.isFile) sentinel ??= entry.name;
  }
  assert(sentinel !== undefined);
  for (const linkname of [sentinel, `./${sentinel}`]) {
    await using work = await temporaryDirectory();
    const bytes = await archive([{ name: "stolen", type: "link", linkname }]);
    await assertRejects(
      () => extractDirectory(streamOf(bytes), `${work.path}/out`),
      LayerError,
    );
    assertEquals(await tree(work.path), {});
  }
});

Deno.test("a gibibyte of zeros is not unpacked, however well it is packed", async () => {
  // Sixteen members, or frames, of 64 MiB each: what arrives is small.
  const zeros = new Uint8Array(64 * 1024 * 1024);
  const header = tarHeader("zeros", 16 * zeros.byteLength);
  for (const pack of [gzipSync, zstdCompressSync]) {
    const block = pack(zeros);
    const packed = new Blob([
      Uint8Array.from(pack(header)),
      ...Array<BlobPart>(16).fill(Uint8Array.from(block)),
    ]);
    assert(packed.size < 2 * 1024 * 1024, String(packed.size));
    await using work = await temporaryDirectory();
    await assertRejects(
      () => extractDirectory(packed.stream(), `${work.path}/out`),
      LayerLimitError,
    );
    assertEquals(await tree(work.path), {});
  }
});

/** The header of a plain file (POSIX ustar). */
function tarHeader(name: string, size: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(512);
  const put = (at: number, text: string): void =>
    header.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}
