import { assertEquals, assertRejects } from "@std/assert";
import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  type Descriptor,
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
} from "@gantry/oci/image";
import {
  copy,
  CopyError,
  MemoryStore,
  type ReferrerLister,
  StoreError,
} from "@gantry/oci/oras";
import { LayoutStore } from "@gantry/oci/oras/node";
import { fill, image, type Piece, referrer } from "./stores/_graphs.ts";

const EMPTY: Piece = { descriptor: EMPTY_DESCRIPTOR, bytes: EMPTY_CONTENT };

/** An image with a signature, which has one of its own. */
async function signed() {
  const pieces = await image(
    { os: "linux", architecture: "amd64" },
    ["layer"],
  );
  const subject = pieces.at(-1)!;
  const first = await referrer(
    subject.descriptor,
    "application/vnd.example.sig",
  );
  const second = await referrer(
    first.descriptor,
    "application/vnd.example.sig",
  );
  const store = new MemoryStore();
  await fill(store, [...pieces, EMPTY, first, second]);
  await store.tag(subject.descriptor, "v1");
  return { first, second, store, subject };
}

async function referrersOf(
  store: ReferrerLister,
  { descriptor }: Piece,
): Promise<string[]> {
  const found = await Array.fromAsync(store.listReferrers(descriptor));
  return found.map(({ digest }) => digest);
}

/** A registry that lists no referrers, so that its clients do; `broken` says what fails. */
function withoutReferrers(broken: { request: string }) {
  const registry = createRegistry();
  const transport = fromHandler(async (request) => {
    const { pathname } = new URL(request.url);
    if (`${request.method} ${pathname}` === broken.request) {
      return new Response(null, { status: 403 });
    }
    if (pathname.includes("/referrers/")) {
      return new Response(null, { status: 404 });
    }
    const response = await registry.fetch(request);
    const headers = new Headers(response.headers);
    headers.delete("oci-subject");
    return new Response(response.body, { status: response.status, headers });
  });
  return new RegistryClient("registry.example", { transport })
    .repository("app");
}

for (const recursive of [true, false]) {
  Deno.test(`copy() lists referrers that an interrupted copy left unlisted, recursive ${recursive}`, async () => {
    const { first, second, store, subject } = await signed();
    const lists = [subject, first].map(({ descriptor }) =>
      `/v2/app/manifests/${descriptor.digest.replace(":", "-")}`
    );
    for (const [index, list] of lists.entries()) {
      const broken = { request: `PUT ${list}` };
      const target = withoutReferrers(broken);
      const run = async () => {
        if (recursive) {
          await copy(store, "v1", target, "v1", { recursive });
          return;
        }
        for (const { descriptor: { digest } } of [first, second]) {
          await copy(store, digest, target, `tag-${digest.slice(7, 12)}`);
        }
      };
      const error = await assertRejects(run, CopyError);
      assertEquals(error.origin, "target");
      assertEquals(
        (await referrersOf(target, [subject, first][index]!)).length,
        0,
      );
      broken.request = "";
      await run();
      assertEquals(await referrersOf(target, subject), [
        first.descriptor.digest,
      ]);
      assertEquals(await referrersOf(target, first), [
        second.descriptor.digest,
      ]);
    }
  });
}

Deno.test("copy() lists in a layout what a copy that was killed has only written", async () => {
  const { first, second, store, subject } = await signed();
  const path = await Deno.makeTempDir();
  try {
    const target = new LayoutStore(path);
    await copy(store, "v1", target);
    // What is left when a process ends between the two steps of a push.
    for (const { bytes, descriptor: { digest } } of [first, second]) {
      const [algorithm, encoded] = digest.split(":");
      await Deno.writeFile(`${path}/blobs/${algorithm}/${encoded}`, bytes);
    }
    assertEquals(await referrersOf(target, subject), []);
    await copy(store, "v1", target, "v1", { recursive: true });
    assertEquals(await referrersOf(target, subject), [first.descriptor.digest]);
    assertEquals(await referrersOf(target, first), [second.descriptor.digest]);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("copy() lists in a layout what has no tag, and was only written", async () => {
  const { store, subject } = await signed();
  const { digest } = subject.descriptor;
  const path = await Deno.makeTempDir();
  try {
    const target = new LayoutStore(path);
    await copy(store, digest, target);
    const index = `${path}/index.json`;
    const empty = {
      ...JSON.parse(await Deno.readTextFile(index)),
      manifests: [],
    };
    await Deno.writeTextFile(index, JSON.stringify(empty));
    await copy(store, digest, target);
    const listed = await target.entries();
    assertEquals(listed.map((entry) => entry.digest), [digest]);
    assertEquals((await target.collectGarbage({ minAge: 0 })).deleted, []);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("copy() leaves out referrers that a list still names and that are gone", async () => {
  const { first, second, store, subject } = await signed();
  const listing = withoutReferrers({ request: "" });
  await copy(store, "v1", listing, "v1", { recursive: true });
  // As a client deletes it that keeps no lists.
  const source = Object.create(listing, {
    fetch: {
      value: (descriptor: Descriptor, options: object) =>
        descriptor.digest === second.descriptor.digest
          ? Promise.reject(contentGone(descriptor))
          : listing.fetch(descriptor, options),
    },
  });
  const target = new MemoryStore();
  const skipped: string[] = [];
  const hooks = { skipped: (one: Descriptor) => void skipped.push(one.digest) };
  await copy(source, "v1", target, "v1", { recursive: true, hooks });
  assertEquals(await referrersOf(target, subject), [first.descriptor.digest]);
  assertEquals(await referrersOf(target, first), []);
  assertEquals(skipped.includes(second.descriptor.digest), true);
  assertEquals(
    (await target.resolve("v1")).digest,
    subject.descriptor.digest,
  );
});

function contentGone({ digest }: Descriptor): StoreError {
  return new StoreError("CONTENT_NOT_FOUND", `Cannot find ${digest}`);
}
