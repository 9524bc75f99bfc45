import { assertEquals, assertRejects } from "@std/assert";
import { LayerError, readTar, UnsafeEntryError } from "@gantry/oci/image/layer";
import { applyLayer } from "@gantry/oci/image/layer/node";
import { streamOf } from "./_archives.ts";
import { temporaryDirectory, tree } from "./_directories.ts";
import { END, header, join, pax, record } from "./_tar_blocks.ts";

const MANY = Array.from({ length: 257 }, (_, index) => `key${index}`);

Deno.test("readTar() takes a bounded amount of global records, with which each entry is read", async () => {
  const tooMany: readonly (readonly Uint8Array[])[] = [
    [pax(MANY.map((key) => record(key, "value")), "g")],
    MANY.map((key) => pax([record(key, "value")], "g")),
    [pax([record("key", "x".repeat(65_536))], "g")],
  ];
  for (const globals of tooMany) {
    const bytes = join([...globals, header({ name: "a" }), END]);
    await assertRejects(
      () => Array.fromAsync(readTar(streamOf(bytes))),
      LayerError,
      "expected at most 256 global records",
    );
  }
});

Deno.test("readTar() counts global records that are said again or taken back once or not at all", async () => {
  const globals = MANY.flatMap((key) => [
    pax([record("comment", key), record(key, "value")], "g"),
    pax([record(key, "")], "g"),
  ]);
  const bytes = join([...globals, header({ name: "a" }), END]);
  const records = await Array.fromAsync(
    readTar(streamOf(bytes)),
    (entry) => entry.header.pax,
  );
  assertEquals(records, [{ comment: "key256" }]);
});

/** Owners as numbers of eight bytes in base 256, and as records. */
const OWNERS: readonly (readonly [string, Uint8Array])[] = [
  ["549755813887", header({ name: "a", more: { 108: base256(2 ** 39 - 1) } })],
  ["-2", header({ name: "a", more: { 116: "\xff".repeat(7) + "\xfe" } })],
  ["4294967295", ownedBy("uid", "4294967295", "0")],
  ["99999999999", ownedBy("gid", "99999999999", "5")],
  [
    "-1",
    header({
      name: "a",
      flag: "2",
      linkname: "b",
      more: { 108: "\xff".repeat(8) },
    }),
  ],
];

function base256(value: number): string {
  let text = "";
  for (let rest = value, at = 0; at < 7; at++, rest = Math.floor(rest / 256)) {
    text = String.fromCharCode(rest % 256) + text;
  }
  return `\x80${text}`;
}

function ownedBy(key: string, id: string, flag: string): Uint8Array {
  return join([pax([record(key, id)]), header({ name: "a", flag })]);
}

Deno.test("applyLayer() refuses owners that no file can have, where they are kept", async () => {
  await using work = await temporaryDirectory();
  for (const [id, entry] of OWNERS) {
    const open = () => streamOf(join([entry, END]));
    await assertRejects(
      () => applyLayer({ open }, work.path, { owners: "keep" }),
      UnsafeEntryError,
      `expected an owner and a group from 0 to 4294967294, found ${id}`,
    );
    assertEquals(await tree(work.path), {});
  }
});

Deno.test("applyLayer() does without owners that no file can have, where they are ignored", async () => {
  await using work = await temporaryDirectory();
  for (const [, entry] of OWNERS) {
    const open = () => streamOf(join([entry, END]));
    await applyLayer({ open }, work.path, { owners: "ignore" });
    assertEquals(Object.keys(await tree(work.path)), ["a"]);
  }
});
