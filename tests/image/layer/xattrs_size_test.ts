import { assertEquals } from "@std/assert";
import { LayerError, readTar } from "@gantry/oci/image/layer";
import { encodeHeader } from "../../../image/layer/_tar_header.ts";
import { fitsLayer } from "../../../image/layer/node/_xattrs.ts";
import { streamOf } from "./_archives.ts";
import { END, join } from "./_tar_blocks.ts";

/** So many attributes with names and values of so many bytes. */
function xattrs(
  count: number,
  name: number,
  value: number,
): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map(
    Array.from({ length: count }, (_, index) => [
      `user.${String(index).padStart(name, "n")}`,
      new Uint8Array(value),
    ]),
  );
}

const SIZES: readonly (readonly [
  expected: boolean,
  count: number,
  name: number,
  value: number,
])[] = [
  [true, 1, 10, 999_000],
  [true, 200, 240, 4000],
  [true, 2000, 200, 200],
  [false, 1, 10, 1_048_576],
  [false, 240, 240, 4160],
  [false, 4000, 240, 0],
];

for (const [expected, count, name, value] of SIZES) {
  Deno.test(`a layer holds ${count} attributes of ${name} and ${value} bytes: ${expected}`, async () => {
    const all = xattrs(count, name, value);
    assertEquals(fitsLayer(all), expected);
    const bytes = encodeHeader({
      // Their records take room, too.
      name: "name/".repeat(800),
      linkname: "link/".repeat(800),
      type: "2",
      size: 0,
      mode: 0o777,
      mtime: 0,
      xattrs: all,
    });
    let isRead = true;
    try {
      for await (
        const { header } of readTar(streamOf(join([bytes, END]), 65_536))
      ) {
        assertEquals(header.xattrs.size, count);
      }
    } catch (error) {
      if (!(error instanceof LayerError)) throw error;
      isRead = false;
    }
    assertEquals(isRead, expected);
  });
}
