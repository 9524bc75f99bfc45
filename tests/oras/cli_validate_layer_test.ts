import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compress } from "@gantry/oci/image/layer";
import { packTar } from "modern-tar";
import { openSandbox } from "../_support/cli_sandbox.ts";

async function tar(
  ...names: readonly string[]
): Promise<Uint8Array<ArrayBuffer>> {
  return await packTar(names.map((name) => ({
    header: { name, size: 1, mtime: new Date(0) },
    body: "x",
  })));
}

async function packed(
  bytes: Uint8Array<ArrayBuffer>,
  compression: "gzip" | "zstd",
): Promise<Uint8Array> {
  const source = compress(ReadableStream.from([bytes]), compression);
  return await new Response(ReadableStream.from(source)).bytes();
}

/** A header of before ustar, which has no magic. */
function old(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const block = bytes.slice();
  block.fill(0, 257, 512).fill(0x20, 148, 156);
  const sum = block.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  block.set(
    new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `),
    148,
  );
  return block;
}

Deno.test("validate sees what a layer is, and that it is good", async () => {
  await using box = await openSandbox();
  const bytes = await tar("a", "b/c");
  const layers: Record<string, Uint8Array> = {
    "a.tar": bytes,
    "a.tar.gz": await packed(bytes, "gzip"),
    "a.tar.zst": await packed(bytes, "zstd"),
    "a.v7": old(await tar("a")),
    "empty.tar": new Uint8Array(1024),
  };
  for (const [name, content] of Object.entries(layers)) {
    await box.write(name, content);
    for (const type of ["auto", "layer"]) {
      const line = ["validate", `--type=${type}`, name];
      assertEquals(await box.ok(...line), `${name}: valid layer\n`);
    }
  }
  const { code, stdout } = await box.gantry(["validate", "-"], {
    stdin: new TextDecoder().decode(bytes),
  });
  assertEquals([code, stdout], [0, "stdin: valid layer\n"]);
});

Deno.test("validate prints every problem of a layer with its entry", async () => {
  await using box = await openSandbox();
  const bytes = await tar("a", "../b", "a", ".wh.", "\u001b[2Jc\u001b/../d");
  await box.write("bad.tar", bytes);
  const text = await box.gantry(["validate", "bad.tar"]);
  assertEquals(text.code, 1);
  const lines = text.stdout.split("\n").slice(0, -1);
  assertEquals(lines[0], "bad.tar: not a valid layer");
  assertEquals(lines.slice(1, 4).map((line) => line.split(":")[0]), [
    "  ../b",
    "  a",
    "  .wh.",
  ]);
  assertEquals(lines.length, 5);
  assert(!text.stdout.includes("\u001b"));
  const json = await box.gantry(["validate", "--format=json", "bad.tar"]);
  assertEquals(json.code, 1);
  const verdict = JSON.parse(json.stdout);
  assertEquals([verdict.valid, verdict.type], [false, "layer"]);
  assertEquals(verdict.issues[0], {
    path: "../b",
    expected: 'no ".." in the path',
    actual: '"../b"',
  });
  assertEquals(verdict.issues.length, 4);
});

Deno.test("validate tells of a damaged layer, compressed or not", async () => {
  await using box = await openSandbox();
  const bytes = await tar("a", "b");
  const gzip = await packed(bytes, "gzip");
  const broken: Record<string, Uint8Array> = {
    "cut.tar": bytes.slice(0, 1600),
    "cut.tar.gz": gzip.slice(0, -6),
    "more.tar": new Uint8Array([...bytes, 1]),
  };
  for (const [name, content] of Object.entries(broken)) {
    await box.write(name, content);
    const { code, stdout } = await box.gantry(["validate", name]);
    assertEquals(code, 1, name);
    assertStringIncludes(stdout, "  archive: expected a whole archive, found ");
    const json = await box.gantry(["validate", "--format=json", name]);
    assertEquals(JSON.parse(json.stdout).issues.at(-1).path, "");
  }
});

Deno.test("validate takes no document for a layer, and no layer for a document that was asked for", async () => {
  await using box = await openSandbox();
  const json = JSON.stringify({ schemaVersion: 2, manifests: [] });
  await box.write("index.json", json + " ".repeat(4000));
  assertEquals(
    await box.ok("validate", "index.json"),
    "index.json: valid index\n",
  );
  const layer = await box.gantry(["validate", "--type=layer", "index.json"]);
  assertEquals(layer.code, 1);
  assertStringIncludes(layer.stdout, "index.json: not a valid layer");
  await box.write("a.tar", await tar("a"));
  const index = await box.gantry(["validate", "--type=index", "a.tar"]);
  assertEquals(index.code, 1);
  assertStringIncludes(index.stdout, "a.tar: not a valid index");
  const folder = await box.gantry(["validate", "--type=layer", "."]);
  assertEquals(folder.code, 1);
  assertStringIncludes(folder.stderr, "is a directory, and no layer");
});

Deno.test("validate reads no more of a document than one may have", async () => {
  await using box = await openSandbox();
  await box.write("large.json", `{"a":"${"x".repeat(9_000_000)}"}`);
  const { code, stdout } = await box.gantry(["validate", "large.json"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "large.json: not a valid document");
});
