import { assertEquals } from "@std/assert";
import { readTar, validateLayer } from "@gantry/oci/image/layer";
import { applyLayers } from "@gantry/oci/image/layer/node";
import { streamOf } from "./_archives.ts";
import { temporaryDirectory, tree } from "./_directories.ts";
import { END, header, join, octal, padded, record } from "./_tar_blocks.ts";

/** Devices' numbers, which Go's writer sets on all. */
const NO_DEVICE = { 329: octal(0, 7), 337: octal(0, 7) };

function entry(
  name: string,
  flag: string,
  mode: number,
  content = "",
): Uint8Array<ArrayBuffer> {
  const block = header({
    name,
    flag,
    mode: octal(mode, 7),
    size: octal(content.length),
    mtime: octal(1_700_000_000),
    more: NO_DEVICE,
  });
  return join([block, padded(content)]);
}

/**
 * What Docker makes of an opaque directory of overlay2: an empty file with the mode
 * of the directory, with no time of its own and, since it takes over those of access
 * and change, with PAX records in Go's form.
 */
function opaque(directory: string): Uint8Array<ArrayBuffer> {
  const name = `${directory}/.wh..wh..opq`;
  return join([
    header({
      name: `${directory}/PaxHeaders.0/.wh..wh..opq`,
      flag: "x",
      mode: octal(0, 7),
      size: octal(60),
      more: NO_DEVICE,
    }),
    padded(join([
      record("atime", "1700000000.123456789"),
      record("ctime", "1700000000.987654321"),
    ])),
    header({ name, flag: "0", mode: octal(0o755, 7), more: NO_DEVICE }),
  ]);
}

/** What Docker makes of a device of overlay2 that hides a file. */
function hidden(name: string): Uint8Array<ArrayBuffer> {
  return entry(name, "0", 0o600);
}

const base = join([
  entry("etc/", "5", 0o755),
  entry("etc/conf.d/", "5", 0o755),
  entry("etc/conf.d/old", "0", 0o644, "old"),
  entry("etc/conf.d/same", "0", 0o644, "old"),
  entry("etc/motd", "0", 0o644, "hello"),
  entry("etc/kept", "0", 0o644, "kept"),
  END,
]);

const change = join([
  entry("etc/", "5", 0o755),
  hidden("etc/.wh.motd"),
  entry("etc/conf.d/", "5", 0o700),
  opaque("etc/conf.d"),
  entry("etc/conf.d/same", "0", 0o644, "new"),
  END,
]);

Deno.test("a layer with whiteouts as Docker and Go's writer shape them is applied", async () => {
  await using work = await temporaryDirectory();
  await applyLayers(
    [base, change].map((bytes) => ({ open: () => streamOf(bytes) })),
    work.path,
  );
  assertEquals(await tree(work.path), {
    "etc": "/",
    "etc/conf.d": "/",
    "etc/conf.d/same": "new",
    "etc/kept": "kept",
  });
});

Deno.test("an opaque whiteout of Docker's shape hides nothing of its own layer behind it or before it", async () => {
  await using work = await temporaryDirectory();
  const late = join([
    entry("etc/conf.d/", "5", 0o700),
    entry("etc/conf.d/same", "0", 0o644, "new"),
    opaque("etc/conf.d"),
    END,
  ]);
  await applyLayers(
    [base, late].map((bytes) => ({ open: () => streamOf(bytes) })),
    work.path,
  );
  assertEquals(Object.keys(await tree(`${work.path}/etc/conf.d`)), ["same"]);
});

Deno.test("whiteouts of Docker's shape are valid and have no content", async () => {
  assertEquals(await validateLayer(streamOf(change)), []);
  const found: [string, string, number, number][] = [];
  for await (const { header } of readTar(streamOf(change))) {
    const { mode, name, size, type } = header;
    if (name.includes(".wh.")) found.push([name, type, mode, size]);
  }
  assertEquals(found, [
    ["etc/.wh.motd", "file", 0o600, 0],
    ["etc/conf.d/.wh..wh..opq", "file", 0o755, 0],
  ]);
});
