import { assertEquals, assertRejects } from "@std/assert";
import {
  artifactManifest,
  type Descriptor,
  parsePlatform,
} from "@gantry/oci/image";
import {
  discover,
  isNotFound,
  MemoryStore,
  type ReferrerTree,
} from "@gantry/oci/oras";
import {
  document,
  fill,
  image,
  multiPlatform,
  type Piece,
  referrer,
} from "./stores/_graphs.ts";

const SIGNATURE = "application/vnd.example.signature";
const NOTE = "application/vnd.example.note";

/** A tree as names of pieces. */
function draw(
  tree: ReferrerTree,
  names: ReadonlyMap<string, string>,
): string {
  const below = tree.referrers.map((one) => draw(one, names));
  const name = names.get(tree.descriptor.digest) ?? "?";
  return below.length === 0 ? name : `${name}(${below.join(" ")})`;
}

async function tree(): Promise<
  { store: MemoryStore; names: Map<string, string>; pieces: Piece[] }
> {
  const pieces = await image({ architecture: "a", os: "b" }, ["x"]);
  const root = pieces.at(-1)!.descriptor;
  const signature = await referrer(root, SIGNATURE);
  const note = await referrer(root, NOTE);
  const counter = await referrer(signature.descriptor, SIGNATURE);
  const remark = await referrer(signature.descriptor, NOTE);
  const store = new MemoryStore();
  const all = { root: pieces.at(-1)!, signature, note, counter, remark };
  await fill(store, [...pieces, signature, note, counter, remark]);
  await store.tag(root, "v1");
  const names = new Map(
    Object.entries(all).map((
      [name, { descriptor }],
    ) => [descriptor.digest, name]),
  );
  return { store, names, pieces };
}

const CASES = [
  ["all", {}, "root(signature(counter remark) note)"],
  ["of a type", { artifactType: SIGNATURE }, "root(signature(counter))"],
  ["of another type", { artifactType: NOTE }, "root(note)"],
  ["of no type", { artifactType: "application/x" }, "root"],
  ["one level", { depth: 1 }, "root(signature note)"],
  [
    "two levels, one at once",
    { depth: 2, concurrency: 1 },
    "root(signature(counter remark) note)",
  ],
] as const;

for (const [what, options, expected] of CASES) {
  Deno.test(`discover() finds ${what}`, async () => {
    const { names, store } = await tree();
    assertEquals(draw(await discover(store, "v1", options), names), expected);
  });
}

Deno.test("discover() finds by annotation", async () => {
  const { pieces, store } = await tree();
  const subject = pieces.at(-1)!.descriptor;
  const annotated = await document(artifactManifest({
    artifactType: NOTE,
    subject,
    annotations: { author: "me", kind: "x" },
  }));
  await fill(store, [annotated]);
  for (
    const [annotations, count] of [
      [{ author: "me" }, 1],
      [{ author: "me", kind: "x" }, 1],
      [{ author: "me", kind: "y" }, 0],
    ] as const
  ) {
    const { referrers } = await discover(store, "v1", { annotations });
    assertEquals(referrers.length, count);
  }
});

Deno.test("discover() begins with one platform of an index", async () => {
  const pieces = await multiPlatform();
  const store = new MemoryStore();
  const note = await referrer(pieces[7]!.descriptor, NOTE);
  await fill(store, [...pieces, note]);
  await store.tag(pieces.at(-1)!.descriptor, "v1");
  const found = await discover(store, "v1", {
    platform: parsePlatform("linux/arm64"),
  });
  assertEquals(found.descriptor, pieces[7]!.descriptor);
  assertEquals(found.referrers.length, 1);
});

Deno.test("discover() ends where a registry lists referrers in a circle", async () => {
  const { pieces, store } = await tree();
  const root = pieces.at(-1)!.descriptor;
  const circular = {
    fetch: store.fetch.bind(store),
    resolve: store.resolve.bind(store),
    async *listReferrers(): AsyncGenerator<Descriptor> {
      yield await Promise.resolve(root);
    },
  };
  assertEquals((await discover(circular, "v1")).referrers, []);
});

Deno.test("discover() refuses a depth that is none, and tells what is missing", async () => {
  const { store } = await tree();
  for (const depth of [0, -1, NaN]) {
    await assertRejects(() => discover(store, "v1", { depth }), RangeError);
  }
  const error = await assertRejects(() => discover(store, "v2"));
  assertEquals(isNotFound(error), true);
});

Deno.test("discover() ends where a registry tells of ever more referrers", async () => {
  const { store } = await tree();
  let count = 0;
  const endless = {
    fetch: store.fetch.bind(store),
    resolve: store.resolve.bind(store),
    async *listReferrers(subject: Descriptor): AsyncGenerator<Descriptor> {
      const digest = `sha256:${String(++count).padStart(64, "0")}`;
      yield await Promise.resolve({ ...subject, digest });
    },
  };
  await assertRejects(
    () => discover(endless, "v1"),
    RangeError,
    "there are more than",
  );
});

Deno.test("discover() takes a long chain of referrers", async () => {
  const { store } = await tree();
  let count = 0;
  const long = {
    fetch: store.fetch.bind(store),
    resolve: store.resolve.bind(store),
    async *listReferrers(subject: Descriptor): AsyncGenerator<Descriptor> {
      const digest = `sha256:${String(++count).padStart(64, "0")}`;
      if (count < 20_000) yield await Promise.resolve({ ...subject, digest });
    },
  };
  let depth = 0;
  for (let at = await discover(long, "v1"); at !== undefined; depth++) {
    at = at.referrers[0]!;
  }
  assertEquals(depth, 20_000);
});
