import { assert, assertEquals } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  applyLayer,
  extractDirectory,
  packLayerToFile,
} from "@gantry/oci/image/layer/node";
import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { readFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { platform } from "node:process";
import { Readable } from "node:stream";
import { archive, type Entry } from "./_archives.ts";
import { temporaryDirectory } from "./_directories.ts";

const MIB = 1024 * 1024;
/** Sizes around those of the buffers that are used over and over. */
const SIZES = [5 * MIB + 1, 700_001, 3 * MIB - 512, MIB, 1, 8 * MIB - 7];

function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let start = 0; start < size; start += 65_536) {
    crypto.getRandomValues(bytes.subarray(start, start + 65_536));
  }
  return bytes;
}

/** A stream that fills the buffers it is given, by as much as it likes. */
function byobStream(
  bytes: Uint8Array<ArrayBuffer>,
  most: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { byobRequest } = controller;
      const view = byobRequest?.view;
      if (offset === bytes.byteLength) {
        controller.close();
        byobRequest?.respond(0);
        return;
      }
      const count = Math.min(
        most,
        bytes.byteLength - offset,
        view?.byteLength ?? most,
      );
      const piece = bytes.slice(offset, offset += count);
      if (view === undefined || view === null) {
        return controller.enqueue(piece);
      }
      new Uint8Array(view.buffer, view.byteOffset, count).set(piece);
      byobRequest!.respond(count);
    },
  });
}

async function gzipped(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

for (const compression of ["none", "gzip"] as const) {
  for (const most of [Infinity, 300_007]) {
    Deno.test(`large files come out whole from a stream that fills buffers (${compression}, pieces of ${most})`, async () => {
      await using work = await temporaryDirectory();
      const contents = SIZES.map(randomBytes);
      const tar = await archive(
        contents.map((content, index): Entry => ({
          name: `file-${index}`,
          content,
        })),
      );
      const diffId = String(await Digest.fromBytes(tar));
      const stored = compression === "gzip" ? await gzipped(tar) : tar;
      const applied = await applyLayer({
        open: () => byobStream(stored, most),
        digest: String(await Digest.fromBytes(stored)),
        diffId,
      }, `${work.path}/applied`);
      assertEquals(applied.diffId, diffId);
      await extractDirectory(
        byobStream(stored, most),
        `${work.path}/extracted`,
        { diffId },
      );
      for (const [index, content] of contents.entries()) {
        for (const place of ["applied", "extracted"]) {
          const bytes = await readFile(`${work.path}/${place}/file-${index}`);
          assert(bytes.equals(content), `${place}/file-${index}`);
        }
      }
    });
  }
}

Deno.test({
  name: "applyLayer() gives files the mode of their entry, large ones too",
  ignore: platform === "win32",
  async fn() {
    await using work = await temporaryDirectory();
    const entries: Entry[] = [];
    for (const mode of [0o400, 0o444, 0o600, 0o644, 0o666, 0o755, 0o777, 0]) {
      for (const size of [10, 2 * MIB]) {
        entries.push({
          name: `${mode.toString(8)}-${size}`,
          mode,
          content: new Uint8Array(size),
        });
      }
    }
    const tar = await archive(entries);
    const open = () => byobStream(tar, Infinity);
    // The directory hands on its group and its access list, if any.
    await mkdir(`${work.path}/out`);
    await chmod(`${work.path}/out`, 0o2755);
    await applyLayer({ open }, `${work.path}/out`);
    for (const { name, mode } of entries) {
      const found = await stat(`${work.path}/out/${name}`);
      assertEquals((found.mode & 0o7777).toString(8), mode!.toString(8), name);
    }
    assertEquals((await readdir(work.path)).sort(), ["out"]);
    assertEquals(
      (await readdir(`${work.path}/out`)).length,
      entries.length,
    );
  },
});

Deno.test("packLayerToFile() and applyLayer() agree on a large file read by a stream of node's", async () => {
  await using work = await temporaryDirectory();
  await mkdir(`${work.path}/tree`);
  const content = randomBytes(6 * MIB + 3);
  await writeFile(`${work.path}/tree/file`, content);
  const layer = `${work.path}/layer`;
  const { diffId, digest } = await packLayerToFile(
    `${work.path}/tree`,
    layer,
    { compression: "gzip" },
  );
  const open = () =>
    Readable.toWeb(createReadStream(layer)) as ReadableStream<
      Uint8Array<ArrayBuffer>
    >;
  await applyLayer({ open, diffId, digest }, `${work.path}/out`);
  assert((await readFile(`${work.path}/out/file`)).equals(content));
});
