import { assertEquals, assertRejects } from "@std/assert";
import { LayerError } from "@gantry/oci/image/layer";
import { applyLayer, extractDirectory } from "@gantry/oci/image/layer/node";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archive, streamOf } from "./_archives.ts";
import { temporaryDirectory, tree } from "./_directories.ts";

/** Whether names that differ by case are one, as macOS and Windows mostly have it. */
function foldsCase(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "gantry-test-"));
  try {
    mkdirSync(join(folder, "A"));
    return statSync(join(folder, "a"), { throwIfNoEntry: false }) !== undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ignore = !foldsCase();
if (ignore) {
  // deno-lint-ignore no-console
  console.error(
    "The file system tells case apart: tests of names that it takes for one are ignored",
  );
}

/** Rules that let such names through to the file system. */
const options = { nameRules: "posix" } as const;

const forms = {
  "two files": [{ name: "A", content: "1" }, { name: "a", content: "2" }],
  "a file below a link": [
    { name: "A", type: "symlink", linkname: "dir" } as const,
    { name: "a/file", content: "2" },
  ],
};

for (const [what, entries] of Object.entries(forms)) {
  Deno.test({
    name: `applyLayer() refuses names that are one by case, ${what}`,
    ignore,
    async fn() {
      await using work = await temporaryDirectory();
      const bytes = await archive([...entries]);
      const error = await assertRejects(
        () => applyLayer({ open: () => streamOf(bytes) }, work.path, options),
        LayerError,
        "the file system cannot hold it (EEXIST)",
      );
      assertEquals(error.code, "LAYER_CONFLICT");
      assertEquals(await tree(work.path), {});
    },
  });
}

Deno.test({
  name: "extractDirectory() replaces a file whose name is one by case",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const bytes = await archive([...forms["two files"]]);
    await extractDirectory(streamOf(bytes), work.path, options);
    assertEquals(Object.values(await tree(work.path)), ["2"]);
  },
});
