import { assert, assertEquals, assertRejects } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import { type Descriptor, parseManifest, successors } from "@gantry/oci/image";
import {
  can,
  copy,
  isNotFound,
  MemoryStore,
  type Prober,
  type ReadableStore,
} from "@gantry/oci/oras";
import { blob, document, fill, type Piece } from "./_graphs.ts";
import { realImage } from "./_layers.ts";

/** A store that holds an image, and nothing else, for one test. */
export interface OpenReader extends AsyncDisposable {
  readonly store: ReadableStore & Prober;
}

/** The image that the store holds, which one of another form may hold in another form. */
export async function heldImage(): Promise<
  { readonly memory: MemoryStore; readonly root: Descriptor }
> {
  const memory = new MemoryStore();
  const pieces = await realImage();
  const root = pieces.at(-1)!.descriptor;
  await fill(memory, pieces);
  await memory.tag(root, "v1");
  return { memory, root };
}

/** What every store that is read from must do, by whatever name its image is known. */
export function testReader(
  name: string,
  open: () => Promise<OpenReader>,
  reference = "v1",
): void {
  const test = (
    what: string,
    run: (store: ReadableStore & Prober, root: Descriptor) => Promise<void>,
  ): void =>
    Deno.test(`${name} ${what}`, async () => {
      // No `using`: Node 22 runs this too.
      const opened = await open();
      try {
        await run(opened.store, await opened.store.resolve(reference));
      } finally {
        await opened[Symbol.asyncDispose]();
      }
    });

  test("gives an image by its tag and by its digest", async (store, root) => {
    assertEquals(await store.resolve(root.digest), root);
    const bytes = await read(store, root);
    assertEquals(bytes.byteLength, root.size);
    assertEquals(String(await Digest.fromBytes(bytes)), root.digest);
    if (!can(store, "fetchManifest")) return;
    for (const one of [reference, root.digest]) {
      const { bytes: found, descriptor } = await store.fetchManifest(one);
      const { digest, mediaType, size } = descriptor;
      assertEquals({ digest, mediaType, size }, root);
      assertEquals(found, bytes);
    }
  });

  test("gives all of an image, from any byte on", async (store, root) => {
    const parts = await partsOf(store, root);
    assertEquals(parts.length, 3);
    for (const part of parts) {
      assert(await store.exists(part));
      const bytes = await read(store, part);
      assertEquals(String(await Digest.fromBytes(bytes)), part.digest);
      for (const offset of [1, part.size]) {
        assertEquals(await read(store, part, offset), bytes.slice(offset));
      }
      for (const offset of [-1, part.size + 1, 0.5]) {
        await assertRejects(() => store.fetch(part, { offset }), RangeError);
      }
    }
  });

  test(
    "gives nothing of another size than is asked for",
    async (store, root) => {
      for (const part of await partsOf(store, root)) {
        for (const size of [part.size - 1, part.size + 1]) {
          await assertRejects(() => read(store, { ...part, size }), Error);
        }
      }
    },
  );

  test("tells what it does not hold", async (store, root) => {
    const other = await blob("other");
    const manifest = await document({
      schemaVersion: 2,
      mediaType: root.mediaType,
      config: other.descriptor,
      layers: [],
    });
    for (const { descriptor } of [other, manifest] satisfies Piece[]) {
      assertEquals(await store.exists(descriptor), false);
      const fetching = () => store.fetch(descriptor);
      assert(isNotFound(await assertRejects(fetching)));
      const resolving = () => store.resolve(descriptor.digest);
      assert(isNotFound(await assertRejects(resolving)));
    }
    assert(isNotFound(await assertRejects(() => store.resolve("v9"))));
    const [layer] = await partsOf(store, root);
    const resolving = () => store.resolve(layer!.digest);
    assert(isNotFound(await assertRejects(resolving)));
  });

  test("lists its tags", async (store) => {
    assert(can(store, "listTags"));
    const [tag, ...others] = await Array.fromAsync(store.listTags());
    assertEquals(others, []);
    assertEquals(tag?.endsWith("v1"), true);
    assertEquals(await Array.fromAsync(store.listTags({ last: tag! })), []);
  });

  test("is read by a copy", async (store, root) => {
    const target = new MemoryStore();
    const { copied } = await copy(store, reference, target, "v1");
    assertEquals(copied, 4);
    assertEquals(await target.resolve("v1"), root);
    for (const part of await partsOf(store, root)) {
      assertEquals(await read(target, part), await read(store, part));
    }
  });

  test("ends reading with the signal's reason", async (store, root) => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    for (
      const call of [
        () => store.fetch(root, { signal }),
        () => store.exists(root, { signal }),
        () => store.resolve(reference, { signal }),
      ]
    ) assertEquals(await assertRejects(call), reason);
  });

  test("gives the same piece to many at once", async (store, root) => {
    const [layer] = await partsOf(store, root);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => read(store, layer!)),
    );
    for (const bytes of all) assertEquals(bytes, all[0]);
  });
}

/** Layers and config of an image. */
async function partsOf(
  store: ReadableStore,
  root: Descriptor,
): Promise<readonly Descriptor[]> {
  const { mediaType } = root;
  const all = successors(parseManifest(await read(store, root), { mediaType }));
  return all.toSorted((one, other) => one.size - other.size);
}

async function read(
  store: ReadableStore,
  descriptor: Descriptor,
  offset = 0,
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(await store.fetch(descriptor, { offset })).bytes();
}
