import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Descriptor, imageIndex } from "@gantry/oci/image";
import {
  type Fetcher,
  isNotFound,
  MemoryStore,
  walk,
  type WalkOptions,
} from "@gantry/oci/oras";
import {
  document,
  fill,
  image,
  multiPlatform,
  type Piece,
  referrer,
} from "./stores/_graphs.ts";
import { EMPTY } from "./stores/_suite.ts";

async function storeOf(pieces: readonly Piece[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  await fill(store, pieces);
  return store;
}

/** What a walk leaves, in order. */
async function left(
  store: Fetcher,
  roots: readonly Descriptor[],
  options: WalkOptions = {},
): Promise<string[]> {
  const digests: string[] = [];
  await walk(store, roots, {
    ...options,
    leave: ({ digest }) => void digests.push(digest),
  });
  return digests;
}

for (const concurrency of [1, 6]) {
  Deno.test(`walk() leaves each piece once, and behind what it points at (${concurrency} at once)`, async () => {
    const pieces = await multiPlatform();
    const { descriptor } = pieces.at(-1)!;
    const store = await storeOf(pieces);
    const digests = await left(store, [descriptor, descriptor], {
      concurrency,
    });
    assertEquals(
      digests.toSorted(),
      [...new Set(pieces.map(({ descriptor: { digest } }) => digest))].sort(),
    );
    const place = (piece: Piece | undefined) =>
      digests.indexOf(piece!.descriptor.digest);
    for (const [manifest, below] of [[3, [0, 1, 2]], [7, [0, 5, 6]]] as const) {
      for (const at of below) {
        assert(place(pieces[at]) < place(pieces[manifest]));
      }
      assert(place(pieces[manifest]) < place(pieces.at(-1)));
    }
  });
}

Deno.test("walk() does not go into what is not entered, and leaves it without content", async () => {
  const pieces = await multiPlatform();
  const store = await storeOf(pieces);
  const skipped = pieces[3]!.descriptor.digest;
  const contents = new Map<string, boolean>();
  await walk(store, [pieces.at(-1)!.descriptor], {
    enter: ({ digest }) => digest !== skipped,
    leave: ({ digest }, content) =>
      void contents.set(digest, content !== undefined),
  });
  assertEquals(contents.get(skipped), false);
  assertEquals(contents.get(pieces[7]!.descriptor.digest), true);
  assertEquals(contents.has(pieces[1]!.descriptor.digest), false);
});

Deno.test("walk() fails where a manifest is missing, unless that is asked for or only a subject", async () => {
  const pieces = await multiPlatform();
  const store = await storeOf(pieces);
  const missing = pieces[3]!.descriptor;
  await store.delete(missing);
  const root = pieces.at(-1)!.descriptor;
  assert(isNotFound(await assertRejects(() => walk(store, [root]))));
  const told: string[] = [];
  const digests = await left(store, [root], {
    onMissing: ({ digest }) => void told.push(digest),
  });
  assertEquals(told, [missing.digest]);
  assertEquals(digests.at(-1), root.digest);

  const note = await referrer(missing, "application/vnd.example.note");
  await fill(store, [EMPTY, note]);
  const alone = await left(store, [note.descriptor]);
  assertEquals(alone.at(-1), note.descriptor.digest);
});

Deno.test("walk() gives each manifest's content, however much there is above it", async () => {
  const pieces = await image({ architecture: "a", os: "b" }, ["x"]);
  const chain = [pieces.at(-1)!];
  for (let depth = 0; depth < 8; depth++) {
    const { digest, mediaType, size } = chain.at(-1)!.descriptor;
    chain.push(
      await document(
        imageIndex([{ mediaType, digest, size }], {
          annotations: { padding: `${depth}`.repeat(3 * 1024 * 1024) },
        }),
      ),
    );
  }
  const store = await storeOf([...pieces, ...chain.slice(1)]);
  let fetched = 0;
  const counting: Fetcher = {
    fetch(descriptor, options) {
      fetched++;
      return store.fetch(descriptor, options);
    },
  };
  const seen: [string, string][] = [];
  await walk(counting, [chain.at(-1)!.descriptor], {
    leave({ digest }, content) {
      if (content !== undefined) {
        seen.push([digest, content.descriptor.digest]);
      }
    },
  });
  assertEquals(
    seen,
    chain.map(({ descriptor: { digest } }) => [digest, digest]),
  );
  // What does not fit into memory is read anew.
  assert(fetched > chain.length);
});

Deno.test("walk() ends with the signal's reason, and refuses a concurrency that is none", async () => {
  const pieces = await multiPlatform();
  const store = await storeOf(pieces);
  const roots = [pieces.at(-1)!.descriptor];
  const controller = new AbortController();
  const reason = new Error("enough");
  const error = await assertRejects(() =>
    walk(store, roots, {
      signal: controller.signal,
      enter: () => controller.abort(reason),
    })
  );
  assertEquals(error, reason);
  for (const concurrency of [0, 1.5, NaN]) {
    await assertRejects(() => walk(store, roots, { concurrency }), RangeError);
  }
});
