/** What every storage of a registry must do: one suite that runs on each of them. */
import type {
  RegistryStorage,
  StoredManifest,
} from "@gantry/oci/distribution/server";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { digestOf, INDEX, MANIFEST, manifestText } from "./_registries.ts";

/** Makes an empty storage, and takes it away. */
export type WithStorage = (
  run: (storage: RegistryStorage) => Promise<void>,
) => Promise<void>;

type Check = (storage: RegistryStorage) => Promise<void>;
const ALL = { limit: 1000 };

function streamOf(...parts: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const pieces = parts.map((part) => encoder.encode(part));
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = pieces.shift();
      if (piece !== undefined) return controller.enqueue(piece);
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

function failing(...parts: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = parts.map((part) => new TextEncoder().encode(part));
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.error(new Error("gone"));
      else controller.enqueue(piece);
    },
  }, { highWaterMark: 0 });
}

async function push(
  storage: RegistryStorage,
  repository: string,
  text: string,
): Promise<string> {
  const digest = await digestOf(text);
  const upload = await storage.createUpload(repository);
  const size = await storage.writeUpload(repository, upload, 0, streamOf(text));
  await storage.commitUpload(repository, upload, digest, size);
  return digest;
}

async function manifestOf(
  fields: Record<string, unknown> = {},
  mediaType = MANIFEST,
): Promise<StoredManifest> {
  const text = await manifestText({ mediaType, ...fields });
  const digest = await digestOf(text);
  return { digest, mediaType, bytes: new TextEncoder().encode(text) };
}

async function text(
  stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
): Promise<string | undefined> {
  return stream && await new Response(stream).text();
}

const CHECKS: Readonly<Record<string, Check>> = {
  async "is empty at first"(storage) {
    const digest = await digestOf("x");
    assertEquals(await storage.repositories(ALL), []);
    assertEquals(await storage.hasRepository("app"), false);
    assertEquals(await storage.blobSize("app", digest), undefined);
    assertEquals(await storage.readBlob("app", digest), undefined);
    assertEquals(await storage.deleteBlob("app", digest), false);
    assertEquals(await storage.readManifest("app", "v1"), undefined);
    assertEquals(await storage.readManifest("app", digest), undefined);
    assertEquals(await storage.deleteManifest("app", digest), false);
    assertEquals(await storage.deleteTag("app", "v1"), false);
    assertEquals(await storage.tags("app", ALL), undefined);
    assertEquals(await storage.referrers("app", digest), []);
    assertEquals(await storage.mountBlob("b", digest, "app"), false);
    assertEquals(await storage.hasRepository("b"), false);
  },
  async "keeps blobs by repository"(storage) {
    const digest = await push(storage, "a/b", "hello");
    assertEquals(await storage.hasRepository("a/b"), true);
    assertEquals(await storage.hasRepository("a"), false);
    assertEquals(await storage.blobSize("a/b", digest), 5);
    assertEquals(await text(await storage.readBlob("a/b", digest)), "hello");
    const range = { start: 1, end: 3 };
    assertEquals(
      await text(await storage.readBlob("a/b", digest, range)),
      "el",
    );
    assertEquals(await storage.blobSize("a", digest), undefined);
    assertEquals(await storage.deleteBlob("a/b", digest), true);
    assertEquals(await storage.deleteBlob("a/b", digest), false);
    assertEquals(await storage.readBlob("a/b", digest), undefined);
    assertEquals(await storage.hasRepository("a/b"), true);
  },
  async "lets go of what is not read to its end"(storage) {
    const digest = await push(storage, "app", "x".repeat(1_000_000));
    const untouched = await storage.readBlob("app", digest);
    await untouched!.cancel();
    const begun = (await storage.readBlob("app", digest))!.getReader();
    await begun.read();
    await begun.cancel();
  },
  async "mounts what stays when its source goes"(storage) {
    const digest = await push(storage, "one", "shared");
    assertEquals(await storage.mountBlob("two", digest, "one"), true);
    assertEquals(await storage.mountBlob("two", digest, "one"), true);
    assertEquals(await storage.mountBlob("one", digest, "one"), true);
    await storage.deleteBlob("one", digest);
    assertEquals(await storage.mountBlob("three", digest, "one"), false);
    assertEquals(await text(await storage.readBlob("two", digest)), "shared");
  },
  async "takes an upload in parts, and shows nothing before its end"(storage) {
    const digest = await digestOf("abcdef");
    const upload = await storage.createUpload("app");
    assert(/^[A-Za-z0-9-]{16,}$/.test(upload));
    const size = () => storage.uploadSize("app", upload);
    assertEquals(await size(), 0);
    const write = (offset: number, ...parts: string[]) =>
      storage.writeUpload("app", upload, offset, streamOf(...parts));
    assertEquals(await write(0, "a", "bc"), 3);
    assertEquals(await write(3, "def"), 6);
    assertEquals(await size(), 6);
    assertEquals(await storage.hasRepository("app"), false);
    assertEquals(await storage.blobSize("app", digest), undefined);
    const kept = await storage.readUpload("app", upload);
    assertEquals(await text(kept), "abcdef");
    await storage.commitUpload("app", upload, digest, 6);
    assertEquals(await size(), undefined);
    assertEquals(await text(await storage.readBlob("app", digest)), "abcdef");
  },
  async "binds an upload to its repository"(storage) {
    const upload = await storage.createUpload("app");
    assertEquals(await storage.uploadSize("other", upload), undefined);
    assertEquals(await storage.deleteUpload("other", upload), false);
    await assertRejects(() =>
      storage.writeUpload("other", upload, 0, streamOf("x"))
    );
    await assertRejects(() => storage.readUpload("other", upload));
    const digest = await digestOf("");
    await assertRejects(() => storage.commitUpload("other", upload, digest, 0));
    for (const id of ["", "x", "..", "../app", upload.toUpperCase() + "x"]) {
      assertEquals(await storage.uploadSize("app", id), undefined);
      assertEquals(await storage.deleteUpload("app", id), false);
    }
    assertEquals(await storage.deleteUpload("app", upload), true);
    assertEquals(await storage.uploadSize("app", upload), undefined);
  },
  async "refuses a part or an end that does not follow"(storage) {
    const upload = await storage.createUpload("app");
    await storage.writeUpload("app", upload, 0, streamOf("abc"));
    for (const offset of [0, 2, 4]) {
      await assertRejects(() =>
        storage.writeUpload("app", upload, offset, streamOf("x"))
      );
    }
    const digest = await digestOf("abcd");
    await assertRejects(() => storage.commitUpload("app", upload, digest, 4));
    assertEquals(await storage.uploadSize("app", upload), 3);
    assertEquals(await storage.blobSize("app", digest), undefined);
  },
  async "goes on with an upload whose body failed"(storage) {
    const upload = await storage.createUpload("app");
    await assertRejects(() =>
      storage.writeUpload("app", upload, 0, failing("abc", "def"))
    );
    const kept = (await storage.uploadSize("app", upload))!;
    const rest = "abcdefghi".slice(kept);
    const size = await storage.writeUpload("app", upload, kept, streamOf(rest));
    const digest = await digestOf("abcdefghi");
    await storage.commitUpload("app", upload, digest, size);
    const stored = await storage.readBlob("app", digest);
    assertEquals(await text(stored), "abcdefghi");
  },
  async "drops the uploads that are too old"(storage) {
    const upload = await storage.createUpload("app");
    await storage.expireUploads(Date.now() - 60_000);
    assertEquals(await storage.uploadSize("app", upload), 0);
    await storage.expireUploads(Date.now() + 60_000);
    assertEquals(await storage.uploadSize("app", upload), undefined);
  },
  async "keeps manifests by tag and by digest"(storage) {
    const one = await manifestOf({ annotations: { n: "1" } });
    const two = await manifestOf({ annotations: { n: "2" } });
    await storage.writeManifest("app", one, ["a", "b"]);
    await storage.writeManifest("app", two, ["b"]);
    await storage.writeManifest("app", two, []);
    assertEquals(await storage.readManifest("app", "a"), one);
    assertEquals(await storage.readManifest("app", "b"), two);
    assertEquals(await storage.readManifest("app", one.digest), one);
    assertEquals(await storage.readManifest("other", one.digest), undefined);
    assertEquals(await storage.deleteTag("app", "a"), true);
    assertEquals(await storage.readManifest("app", "a"), undefined);
    assertEquals(await storage.readManifest("app", one.digest), one);
    assertEquals(await storage.deleteManifest("app", two.digest), true);
    assertEquals(await storage.deleteManifest("app", two.digest), false);
    assertEquals(await storage.readManifest("app", "b"), undefined);
    assertEquals(await storage.tags("app", ALL), []);
  },
  async "lists in byte order, page by page"(storage) {
    const manifest = await manifestOf();
    for (const name of ["b", "a/c", "a", "a-b"]) {
      await storage.writeManifest(name, manifest, ["z", "B", "a", "10", "9"]);
    }
    const names = (page: { last?: string; limit: number }) =>
      storage.repositories(page);
    assertEquals(await names(ALL), ["a", "a-b", "a/c", "b"]);
    assertEquals(await names({ limit: 2 }), ["a", "a-b"]);
    assertEquals(await names({ last: "a-b", limit: 2 }), ["a/c", "b"]);
    assertEquals(await names({ last: "a0", limit: 2 }), ["b"]);
    assertEquals(await names({ limit: 0 }), []);
    const tags = (page: { last?: string; limit: number }) =>
      storage.tags("a", page);
    assertEquals(await tags(ALL), ["10", "9", "B", "a", "z"]);
    assertEquals(await tags({ last: "9", limit: 2 }), ["B", "a"]);
    assertEquals(await tags({ last: "z", limit: 2 }), []);
  },
  async "finds what refers to a manifest, also to one that is not there"(
    storage,
  ) {
    const target = await manifestOf({ annotations: { n: "subject" } });
    const { digest } = target;
    const subject = { mediaType: MANIFEST, digest, size: 1 };
    const signature = await manifestOf({ subject, artifactType: "a/sig" });
    const list = await manifestOf({
      subject,
      config: undefined,
      layers: undefined,
      manifests: [],
    }, INDEX);
    for (const manifest of [signature, list]) {
      await storage.writeManifest("app", manifest, []);
    }
    const found = await storage.referrers("app", digest);
    assertEquals(
      found.map(({ digest, artifactType }) => [digest, artifactType]).sort(),
      [[signature.digest, "a/sig"], [list.digest, undefined]].sort(),
    );
    assertEquals(await storage.referrers("other", digest), []);
    await storage.deleteManifest("app", list.digest);
    assertEquals((await storage.referrers("app", digest)).length, 1);
  },
  async "asks before it points a tag at something"(storage) {
    const one = await manifestOf({ annotations: { n: "1" } });
    const two = await manifestOf({ annotations: { n: "2" } });
    const asked = new Set<string>();
    const note = (tag: string, current: string | undefined) => {
      asked.add(`${tag} ${current}`);
    };
    await storage.writeManifest("app", one, ["a", "b"], note);
    await storage.writeManifest("app", two, ["b"], note);
    assertEquals(
      [...asked],
      ["a undefined", "b undefined", `b ${one.digest}`],
    );
    const refuse = () => {
      throw new RangeError("refused");
    };
    await assertRejects(
      () => storage.writeManifest("app", two, ["c", "a"], refuse),
      RangeError,
    );
    assertEquals((await storage.readManifest("app", "a"))?.digest, one.digest);
    assertEquals(await storage.tags("app", ALL), ["a", "b"]);
    // Of many at once who want a tag that is not there, one gets it.
    const manifests = await Promise.all(
      Array.from({ length: 6 }, (_, n) => manifestOf({ n })),
    );
    const results = await Promise.allSettled(
      manifests.map((manifest) =>
        storage.writeManifest("app", manifest, ["one"], (_, current) => {
          if (current !== undefined) refuse();
        })
      ),
    );
    const won = results.filter(({ status }) => status === "fulfilled");
    assertEquals(won.length, 1);
  },
  async "takes the same content many times at once"(storage) {
    const digests = await Promise.all(
      Array.from(
        { length: 9 },
        (_, n) => push(storage, `app${n % 3}`, "x".repeat(100_000)),
      ),
    );
    for (const name of ["app0", "app1", "app2"]) {
      assertEquals(await storage.blobSize(name, digests[0]!), 100_000);
    }
    const manifest = await manifestOf();
    const tags = Array.from({ length: 20 }, (_, n) => `t${n}`);
    await Promise.all(
      tags.map((tag) => storage.writeManifest("app0", manifest, [tag])),
    );
    assertEquals(await storage.tags("app0", ALL), tags.sort());
  },
};

/** Registers the suite for one storage. */
export function storageSuite(name: string, withStorage: WithStorage): void {
  for (const [what, check] of Object.entries(CHECKS)) {
    Deno.test(`${name} ${what}`, () => withStorage(check));
  }
}
