import { Digest } from "@gantry/oci/digest";
import { encodeJson } from "@gantry/oci/image";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { LayoutFiles } from "../../distribution/server/node/_layout_files.ts";
import { LayoutIndex } from "../../distribution/server/node/_layout_index.ts";
import { Paths } from "../../distribution/server/node/_paths.ts";
import { MANIFEST } from "./_registries.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

async function descriptorOf(text: string) {
  const digest = String(await Digest.fromString(text));
  return { mediaType: MANIFEST, digest, size: text.length };
}

/** A repository `app` in a root of its own, and the file of its index. */
async function withLayout(
  work: (
    files: LayoutFiles,
    path: string,
    written: () => number,
  ) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    const paths = new Paths(root);
    const temporary = paths.temporary.bind(paths);
    let count = 0;
    // Each file that is written begins as a temporary one.
    paths.temporary = () => {
      count++;
      return temporary();
    };
    const files = new LayoutFiles(paths);
    await files.ensure("app");
    count = 0;
    await work(files, `${root}/app/index.json`, () => count);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function tagsIn(path: string): string[] {
  const { manifests } = JSON.parse(Deno.readTextFileSync(path));
  return manifests.map((
    { annotations }: { annotations?: Record<string, string> },
  ) => annotations?.[REF_NAME]);
}

Deno.test("LayoutFiles.updateIndex() writes changes that come at once together, each before it is done", () =>
  withLayout(async (files, path, written) => {
    const names = Array.from({ length: 30 }, (_, index) => `t${index}`);
    await Promise.all(names.map(async (name) => {
      const descriptor = await descriptorOf(name);
      await files.updateIndex("app", (index) => index.with(descriptor, [name]));
      assert(tagsIn(path).includes(name), name);
    }));
    assertEquals(tagsIn(path).sort(), names.sort());
    // A few in place of thirty.
    assert(written() <= 3, `written ${written()} times`);
  }));

Deno.test("LayoutFiles.updateIndex() refuses one change and makes the others", () =>
  withLayout(async (files, path) => {
    const descriptor = await descriptorOf("x");
    const results = await Promise.allSettled(
      ["a", "b", "c"].map((name) =>
        files.updateIndex("app", (index) => {
          if (name === "b") throw new Error("b is refused");
          return index.with(descriptor, [name]);
        })
      ),
    );
    assertEquals(results.map(({ status }) => status), [
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    assertEquals(tagsIn(path), ["a", "c"]);
  }));

Deno.test("LayoutFiles.updateIndex() builds on what others wrote, also unseen by size and time", () =>
  withLayout(async (files, path) => {
    const [one, two] = [await descriptorOf("1"), await descriptorOf("2")];
    await files.updateIndex("app", (index) => index.with(one, ["aa"]));
    const { mtime } = await Deno.stat(path);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"aa"', '"bb"'));
    await Deno.utime(path, mtime!, mtime!);
    await files.updateIndex("app", (index) => index.with(two, ["cc"]));
    assertEquals(tagsIn(path), ["bb", "cc"]);
    assertEquals([...(await files.readIndex("app"))!.tags.keys()], [
      "bb",
      "cc",
    ]);
  }));

Deno.test("LayoutFiles.updateIndex() fails for all that wait where the index is damaged", () =>
  withLayout(async (files, path) => {
    await Deno.writeTextFile(path, "[]");
    const change = (index: LayoutIndex) => index.withoutTag("x");
    const results = await Promise.allSettled([
      files.updateIndex("app", change),
      files.updateIndex("app", change),
    ]);
    assertEquals(results.map(({ status }) => status), ["rejected", "rejected"]);
    await assertRejects(() => files.readIndex("app"));
    await Deno.writeTextFile(path, '{"schemaVersion":2,"manifests":[]}');
    await files.updateIndex("app", change);
  }));

Deno.test("LayoutIndex.encode() writes what encodeJson() writes, after any change", async () => {
  const value = {
    annotations: { b: '"manifests":[]', a: "<" },
    extra: { manifests: [] },
    schemaVersion: 2,
    manifests: [
      { size: 1, digest: "sha256:x", mediaType: "a/b", own: [1] },
      {
        mediaType: "a/b",
        digest: "sha256:y",
        size: 1,
        annotations: { [REF_NAME]: "y" },
      },
    ],
  };
  const [one, two] = [await descriptorOf("1"), await descriptorOf("2")];
  let index = LayoutIndex.from(value)!;
  for (
    const change of [
      (index: LayoutIndex) => index,
      (index: LayoutIndex) => index.with(one, []),
      (index: LayoutIndex) => index.with(one, ["y", "z"]),
      (index: LayoutIndex) => index.with(two, ["z", "w"]),
      (index: LayoutIndex) => index.withoutTag("w"),
      (index: LayoutIndex) => index.with(two, ["w"]),
      (index: LayoutIndex) => index.withoutManifest(one.digest),
    ]
  ) {
    index = change(index);
    const { manifests: _, ...rest } = value;
    const expected = encodeJson({ ...rest, manifests: index.entries });
    const text = new TextDecoder().decode(index.encode());
    assertEquals(text, new TextDecoder().decode(expected));
    // What is known without looking through all is what is found by looking.
    const anew = LayoutIndex.from(JSON.parse(text))!;
    assertEquals(index.tags, anew.tags);
    assertEquals([...index.byDigest.keys()], [...anew.byDigest.keys()]);
  }
});
