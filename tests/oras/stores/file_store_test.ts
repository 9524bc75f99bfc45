import { assert, assertEquals, assertRejects } from "@std/assert";
import { toSource } from "@gantry/oci/distribution";
import {
  AnnotationKeys,
  artifactManifest,
  type Descriptor,
} from "@gantry/oci/image";
import {
  copy,
  CopyError,
  isNotFound,
  MemoryStore,
  PathError,
  StoreError,
} from "@gantry/oci/oras";
import { FileStore } from "@gantry/oci/oras/node";
import { blob, document, fill, type Piece } from "./_graphs.ts";
import { EMPTY } from "./_suite.ts";

async function withFolder(
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gantry-files-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function titled(descriptor: Descriptor, title: string): Descriptor {
  return { ...descriptor, annotations: { [AnnotationKeys.title]: title } };
}

/** An artifact of files, by title and text. */
async function artifact(
  files: readonly (readonly [string, string])[],
): Promise<MemoryStore> {
  const store = new MemoryStore();
  const layers: Descriptor[] = [];
  const pieces: Piece[] = [EMPTY];
  for (const [title, text] of files) {
    const piece = await blob(text);
    pieces.push(piece);
    layers.push(titled(piece.descriptor, title));
  }
  const manifest = await document(
    artifactManifest({ artifactType: "application/vnd.example", layers }),
  );
  await fill(store, [...pieces, manifest]);
  await store.tag(manifest.descriptor, "v1");
  return store;
}

Deno.test("FileStore holds what has a title in files, under all its titles", async () => {
  await withFolder(async (folder) => {
    const source = await artifact([
      ["a.txt", "one"],
      ["deep/b.txt", "one"],
      ["c.txt", "two"],
    ]);
    const store = new FileStore(folder);
    await copy(source, "v1", store);
    for (
      const [name, text] of [
        ["a.txt", "one"],
        ["deep/b.txt", "one"],
        ["c.txt", "two"],
      ] as const
    ) {
      assertEquals(await Deno.readTextFile(`${folder}/${name}`), text);
    }
    const back = new MemoryStore();
    await copy(store, "v1", back);
    assertEquals(await back.resolve("v1"), await source.resolve("v1"));
  });
});

Deno.test("FileStore refuses an artifact that gives one title to two contents", async () => {
  const store = await artifact([["a", "1"], ["sub/../a", "2"]]);
  await withFolder(async (folder) => {
    const target = new FileStore(folder);
    const error = await assertRejects(
      () => copy(store, "v1", target),
      CopyError,
    );
    assertEquals(error.code, "PATH_DUPLICATE");
    await assertRejects(() => target.resolve("v1"), StoreError);
  });
});

Deno.test("FileStore knows no content any more whose file has been replaced", async () => {
  const [first, second] = [await blob("1"), await blob("2")];
  await withFolder(async (folder) => {
    const store = new FileStore(folder);
    const put = async ({ bytes, descriptor }: Piece, title: string) =>
      await store.push(titled(descriptor, title), toSource(bytes));
    await put(first, "b");
    await put(first, "a");
    await put(second, "a");
    const stream = await store.fetch(first.descriptor);
    assertEquals(await new Response(stream).text(), "1");
    await put(second, "b");
    assertEquals(await store.exists(first.descriptor), false);
    assertEquals(await store.exists(second.descriptor), true);
    const error = await assertRejects(() => store.fetch(first.descriptor));
    assert(isNotFound(error));
  });
});

Deno.test("FileStore knows what has been replaced below a link, too", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    await Deno.symlink("real", `${folder}/link`, { type: "dir" });
    // The first is found there, the second is written.
    await Deno.writeTextFile(`${folder}/real/a.txt`, "one");
    const store = new FileStore(`${folder}/link`);
    await copy(await artifact([["a.txt", "one"]]), "v1", store, "first");
    const { descriptor } = await blob("one");
    assert(await store.exists(descriptor));
    await copy(await artifact([["a.txt", "two"]]), "v1", store, "second");
    assertEquals(await Deno.readTextFile(`${folder}/real/a.txt`), "two");
    assertEquals(await store.exists(descriptor), false);
    const error = await assertRejects(() => store.fetch(descriptor));
    assert(isNotFound(error));
  });
});

Deno.test("FileStore leaves files alone that are right already", async () => {
  await withFolder(async (folder) => {
    const source = await artifact([["a.txt", "one"], ["b.txt", "two"]]);
    await Deno.writeTextFile(`${folder}/a.txt`, "one");
    await Deno.writeTextFile(`${folder}/b.txt`, "old");
    const { mtime } = await Deno.stat(`${folder}/a.txt`);
    const phases: string[] = [];
    await copy(source, "v1", new FileStore(folder), "v1", {
      onProgress: ({ name, phase }) => {
        if (name !== undefined) phases.push(`${name} ${phase}`);
      },
    });
    assertEquals((await Deno.stat(`${folder}/a.txt`)).mtime, mtime);
    assertEquals(await Deno.readTextFile(`${folder}/b.txt`), "two");
    assert(phases.includes("a.txt exists"));
    assert(phases.includes("b.txt copied"));
  });
});

Deno.test("FileStore replaces no file on wish", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.txt`, "mine");
    const source = await artifact([["a.txt", "one"]]);
    const error = await assertRejects(
      () => copy(source, "v1", new FileStore(folder, { overwrite: false })),
      CopyError,
    );
    assert(error.cause instanceof PathError);
    assertEquals(error.code, "PATH_EXISTS");
    assertEquals(await Deno.readTextFile(`${folder}/a.txt`), "mine");
  });
});

for (const title of ["../out.txt", "/out.txt", "a/../../out.txt", "x\0y"]) {
  Deno.test(`FileStore refuses the title ${JSON.stringify(title)}`, async () => {
    await withFolder(async (folder) => {
      const source = await artifact([[title, "one"]]);
      const error = await assertRejects(
        () => copy(source, "v1", new FileStore(`${folder}/in`)),
        CopyError,
      );
      assert(error.cause instanceof PathError, String(error.cause));
      assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
    });
  });
}

Deno.test("FileStore refuses large content without a title", async () => {
  await withFolder(async (folder) => {
    const store = new FileStore(folder, { maxUntitledSize: 4 });
    const piece = await blob("large");
    const error = await assertRejects(
      () => store.push(piece.descriptor, toSource(piece.bytes)),
      StoreError,
    );
    assertEquals(error.code, "STORE_UNSUPPORTED");
  });
});

Deno.test("FileStore pushes files that were added", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.txt`, "one");
    const store = new FileStore(folder);
    const layer = await store.addFile("a.txt", { mediaType: "text/plain" });
    const manifest = await document(
      artifactManifest({
        artifactType: "application/vnd.example",
        layers: [layer],
      }),
    );
    await fill(store, [EMPTY, manifest]);
    await store.tag(manifest.descriptor, "v1");
    const target = new MemoryStore();
    await copy(store, "v1", target);
    const stream = await target.fetch(layer);
    assertEquals(await new Response(stream).text(), "one");
    await Deno.writeTextFile(`${folder}/a.txt`, "two");
    await assertRejects(() => copy(store, "v1", new MemoryStore()), CopyError);
    await assertRejects(() => store.addFile("none"), PathError);
  });
});
