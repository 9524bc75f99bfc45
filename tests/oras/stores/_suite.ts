import { assert, assertEquals, assertRejects } from "@std/assert";
import { ContentError } from "@gantry/oci/digest";
import { toSource } from "@gantry/oci/distribution";
import {
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  imageIndex,
  MediaTypes,
} from "@gantry/oci/image";
import { can, isNotFound, type Store } from "@gantry/oci/oras";
import {
  blob,
  document,
  fill,
  image,
  multiPlatform,
  type Piece,
  referrer,
} from "./_graphs.ts";

/** A store of its own for one test. */
export interface OpenStore extends AsyncDisposable {
  readonly store: Store;
}

/** What every store that is written to must do. */
export function testStore(
  name: string,
  open: () => OpenStore | Promise<OpenStore>,
): void {
  const test = (what: string, run: (store: Store) => Promise<void>): void =>
    Deno.test(`${name} ${what}`, async () => {
      // No `using`: Node 22 runs this too.
      const opened = await open();
      try {
        await run(opened.store);
      } finally {
        await opened[Symbol.asyncDispose]();
      }
    });

  test("gives what was pushed, from any byte on", async (store) => {
    const piece = await blob("hello");
    assertEquals(await store.exists(piece.descriptor), false);
    assertEquals(await push(store, piece), "uploaded");
    assertEquals(await store.exists(piece.descriptor), true);
    for (
      const [offset, expected] of [[0, "hello"], [2, "llo"], [5, ""]] as const
    ) {
      const stream = await store.fetch(piece.descriptor, { offset });
      assertEquals(await new Response(stream).text(), expected);
    }
    for (const offset of [-1, 6, 0.5]) {
      await assertRejects(
        () => store.fetch(piece.descriptor, { offset }),
        RangeError,
      );
    }
  });

  test("fails to give what is of another size than its descriptor says", async (store) => {
    const { bytes, descriptor } = await blob("hello");
    await store.push(descriptor, toSource(bytes));
    for (const size of [4, 6]) {
      const wrong = { ...descriptor, size };
      const read = async () =>
        await new Response(await store.fetch(wrong)).bytes();
      await assertRejects(read, Error);
    }
  });

  test("resolves no blob", async (store) => {
    const { bytes, descriptor } = await blob("hello");
    await store.push(descriptor, toSource(bytes));
    const resolve = () => store.resolve(descriptor.digest);
    assert(isNotFound(await assertRejects(resolve)));
  });

  test("holds empty content", async (store) => {
    const piece = await blob("");
    await push(store, piece);
    const stream = await store.fetch(piece.descriptor);
    assertEquals(await new Response(stream).text(), "");
  });

  test("does not take the same content twice", async (store) => {
    const pieces = await image({ architecture: "a", os: "b" }, ["x"]);
    for (const piece of pieces) {
      assertEquals(await push(store, piece), "uploaded");
      assertEquals(await push(store, piece), "exists");
    }
  });

  test("tells what is not there", async (store) => {
    const [layer] = await image({ architecture: "a", os: "b" }, ["x"]);
    const { descriptor } = (await image({}, ["y"])).at(-1)!;
    for (
      const missing of [
        () => store.fetch(layer!.descriptor),
        () => store.fetch(descriptor),
        () => store.resolve("v1"),
        () => store.resolve(descriptor.digest),
        () => store.tag(descriptor, "v1"),
      ]
    ) {
      assert(isNotFound(await assertRejects(missing)));
    }
    assertEquals(await store.exists(descriptor), false);
  });

  test("refuses content that is not as its descriptor says", async (store) => {
    const good = await blob("hello");
    const other = await blob("jello");
    await assertRejects(
      () => store.push(good.descriptor, toSource(other.bytes)),
      Error,
    );
    assertEquals(await store.exists(good.descriptor), false);
    await assertRejects(
      () => store.push(good.descriptor, toSource("longer than that")),
      RangeError,
    );
    const short = {
      size: 5,
      open: () => new Blob(["hell"]).stream(),
    };
    await assertRejects(() => store.push(good.descriptor, short), Error);
    assertEquals(await store.exists(good.descriptor), false);
    const manifest = (await image({}, ["y"])).at(-1)!;
    const wrong = manifest.bytes.slice();
    wrong[wrong.length - 2] = 0x20;
    await assertRejects(
      () => store.push(manifest.descriptor, toSource(wrong)),
      ContentError,
    );
    await push(store, good);
    assert(await store.exists(good.descriptor));
  });

  test("names manifests", async (store) => {
    const first = await image({ architecture: "a", os: "b" }, ["x"]);
    const second = await image({ architecture: "a", os: "b" }, ["y"]);
    await fill(store, [...first, ...second]);
    const [one, two] = [first.at(-1)!.descriptor, second.at(-1)!.descriptor];
    assertEquals(await store.resolve(one.digest), one);
    await store.tag(one, "v1");
    await store.tag(one, "latest");
    assertEquals(await store.resolve("v1"), one);
    await store.tag(two, "latest");
    assertEquals(await store.resolve("latest"), two);
    assertEquals(await store.resolve("v1"), one);
    assertEquals(await store.resolve(one.digest), one);
  });

  test("lists and removes tags", async (store) => {
    assert(can(store, "listTags") && can(store, "untag"));
    const pieces = await image({ architecture: "a", os: "b" }, ["x"]);
    await fill(store, pieces);
    const { descriptor } = pieces.at(-1)!;
    for (const tag of ["v2", "v1", "v10"]) await store.tag(descriptor, tag);
    assertEquals(await Array.fromAsync(store.listTags()), ["v1", "v10", "v2"]);
    assertEquals(await Array.fromAsync(store.listTags({ last: "v1" })), [
      "v10",
      "v2",
    ]);
    await store.untag("v1");
    assertEquals(await Array.fromAsync(store.listTags()), ["v10", "v2"]);
    assert(await store.exists(descriptor));
    assertEquals(await store.resolve(descriptor.digest), descriptor);
    assert(isNotFound(await assertRejects(() => store.untag("v1"))));
  });

  test("resolves the children of an index by digest", async (store) => {
    const pieces = await multiPlatform();
    await fill(store, pieces);
    await store.tag(pieces.at(-1)!.descriptor, "v1");
    for (const index of [3, 7, 8]) {
      const { descriptor } = pieces[index]!;
      assertEquals(await store.resolve(descriptor.digest), descriptor);
    }
  });

  test("lists referrers, by type on wish", async (store) => {
    assert(can(store, "listReferrers"));
    const pieces = await image({ architecture: "a", os: "b" }, ["x"]);
    const { descriptor } = pieces.at(-1)!;
    const types = ["application/vnd.example.a", "application/vnd.example.b"];
    const found = await Promise.all(
      types.map((type) => referrer(descriptor, type)),
    );
    assertEquals(await Array.fromAsync(store.listReferrers(descriptor)), []);
    await fill(store, [EMPTY, ...pieces, ...found]);
    const all = await Array.fromAsync(store.listReferrers(descriptor));
    assertEquals(
      all.map(({ digest }) => digest).sort(),
      found.map(({ descriptor: { digest } }) => digest).sort(),
    );
    const some = await Array.fromAsync(
      store.listReferrers(descriptor, { artifactType: types[1]! }),
    );
    assertEquals(
      some.map(({ artifactType, digest }) => [artifactType, digest]),
      [
        [types[1], found[1]!.descriptor.digest],
      ],
    );
  });

  test("lists what refers to a manifest by whatever it is", async (store) => {
    assert(can(store, "listReferrers"));
    const pieces = await image({ architecture: "a", os: "b" }, ["x"]);
    const { descriptor } = pieces.at(-1)!;
    const note = await document(
      imageIndex([], {
        artifactType: "application/vnd.example.list",
        annotations: { note: "of nothing" },
        subject: descriptor,
      }),
    );
    await fill(store, [...pieces, note]);
    assertEquals(await Array.fromAsync(store.listReferrers(descriptor)), [{
      ...note.descriptor,
      annotations: { note: "of nothing" },
      artifactType: "application/vnd.example.list",
    }]);
  });

  test("deletes content, a manifest with its tags", async (store) => {
    assert(can(store, "delete"));
    const pieces = await image({ architecture: "a", os: "b" }, ["x"]);
    await fill(store, pieces);
    const [layer, manifest] = [pieces[0]!, pieces.at(-1)!];
    await store.tag(manifest.descriptor, "v1");
    await store.delete(manifest.descriptor);
    await store.delete(layer.descriptor);
    assertEquals(await store.exists(manifest.descriptor), false);
    assertEquals(await store.exists(layer.descriptor), false);
    assert(isNotFound(await assertRejects(() => store.resolve("v1"))));
    const again = () => store.delete(layer.descriptor);
    assert(isNotFound(await assertRejects(again)));
  });

  test("takes many pieces at once, and one piece many times at once", async (store) => {
    const pieces = await Promise.all(
      Array.from({ length: 20 }, (_, index) => blob(`content ${index}`)),
    );
    await Promise.all(
      [...pieces, ...pieces].map((piece) => push(store, piece)),
    );
    for (const { bytes, descriptor } of pieces) {
      const stream = await store.fetch(descriptor);
      assertEquals(await new Response(stream).bytes(), bytes);
    }
  });

  test("keeps all tags that are set at once", async (store) => {
    assert(can(store, "listTags"));
    const pieces = await image({ architecture: "a", os: "b" }, ["x"]);
    await fill(store, pieces);
    const { descriptor } = pieces.at(-1)!;
    const tags = Array.from({ length: 10 }, (_, index) => `v${index}`);
    await Promise.all(tags.map((tag) => store.tag(descriptor, tag)));
    assertEquals(await Array.fromAsync(store.listTags()), tags);
  });

  test("reports how far a push is", async (store) => {
    const piece = await blob("hello", MediaTypes.layer);
    const phases: string[] = [];
    await store.push(piece.descriptor, toSource(piece.bytes), {
      name: "greeting",
      onProgress({ name, phase, total, transferred }) {
        assertEquals([name, total], ["greeting", 5]);
        assert(transferred <= total);
        phases.push(phase);
      },
    });
    assertEquals(phases.at(-1), "uploaded");
  });

  test("ends with the signal's reason", async (store) => {
    const piece = await blob("hello");
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    for (
      const call of [
        () => store.push(piece.descriptor, toSource(piece.bytes), { signal }),
        () => store.fetch(piece.descriptor, { signal }),
        () => store.exists(piece.descriptor, { signal }),
        () => store.resolve("v1", { signal }),
        () => store.tag(piece.descriptor, "v1", { signal }),
      ]
    ) {
      assertEquals(await assertRejects(call), reason);
    }
    assertEquals(await store.exists(piece.descriptor), false);
  });

  test("leaves nothing of a push that is aborted", async (store) => {
    const piece = await blob("hello");
    const controller = new AbortController();
    const reason = new Error("enough");
    const source = {
      size: 5,
      open: () =>
        new ReadableStream({
          type: "bytes",
          pull(stream: ReadableByteStreamController) {
            stream.enqueue(new TextEncoder().encode("he"));
            controller.abort(reason);
          },
        }) as ReadableStream<Uint8Array<ArrayBuffer>>,
    };
    const { signal } = controller;
    const error = await assertRejects(() =>
      store.push(piece.descriptor, source, { signal })
    );
    assertEquals(error, reason);
    assertEquals(await store.exists(piece.descriptor), false);
  });
}

export const EMPTY: Piece = {
  descriptor: EMPTY_DESCRIPTOR,
  bytes: EMPTY_CONTENT,
};

async function push(store: Store, piece: Piece): Promise<string> {
  return await store.push(piece.descriptor, toSource(piece.bytes));
}
