import { createRegistry } from "@gantry/oci/distribution/server";
import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { fileURLToPath } from "node:url";
import {
  beginUpload,
  client,
  digestOf,
  errorCode,
  INDEX,
  MANIFEST,
  manifestText,
  pushBlob,
  putManifest,
  type Registry,
} from "./_registries.ts";

/** A registry over a directory that is gone after the test. */
async function withRoot(
  run: (root: string, registry: Registry) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await run(root, open(root));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function open(root: string): Registry {
  const { fetch } = createRegistry({ storage: directoryStorage(root) });
  return client((path, init) =>
    fetch(new Request(new URL(path, "http://registry.test"), init))
  );
}

// deno-lint-ignore no-explicit-any -- a test may look at any field
async function readIndex(root: string, repository: string): Promise<any> {
  return JSON.parse(
    await Deno.readTextFile(`${root}/${repository}/index.json`),
  );
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesBelow(`${folder}/${name}`).map((file) => `${name}/${file}`)
      : [name]
  ).sort();
}

Deno.test("directoryStorage() keeps a repository as an image layout", () =>
  withRoot(async (root, registry) => {
    const text = await manifestText();
    const digest = await digestOf(text);
    const config = await pushBlob(registry, "team/app", "{}");
    await putManifest(registry, "team/app", "v1", text);
    await putManifest(registry, "team/app", "v2", text);
    assertEquals(
      JSON.parse(await Deno.readTextFile(`${root}/team/app/oci-layout`)),
      { imageLayoutVersion: "1.0.0" },
    );
    const descriptor = { mediaType: MANIFEST, digest, size: text.length };
    const name = (tag: string) => ({
      annotations: { "org.opencontainers.image.ref.name": tag },
    });
    assertEquals(await readIndex(root, "team/app"), {
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        { ...descriptor, ...name("v1") },
        { ...descriptor, ...name("v2") },
      ],
    });
    assertEquals(
      filesBelow(root),
      [
        `team/app/blobs/${config.replace(":", "/")}`,
        `team/app/blobs/${digest.replace(":", "/")}`,
        "team/app/index.json",
        "team/app/oci-layout",
      ].sort(),
    );
  }));

Deno.test("directoryStorage() lists a manifest without a tag, as long as it has none", () =>
  withRoot(async (root, registry) => {
    const first = await manifestText({ annotations: { n: "1" } });
    const second = await manifestText({ annotations: { n: "2" } });
    const names = async () =>
      (await readIndex(root, "app")).manifests.map((
        entry: { digest: string; annotations?: Record<string, string> },
      ) => [
        entry.digest,
        entry.annotations?.["org.opencontainers.image.ref.name"],
      ]);
    const [one, two] = [await digestOf(first), await digestOf(second)];
    await putManifest(registry, "app", one, first);
    assertEquals(await names(), [[one, undefined]]);
    await putManifest(registry, "app", "t", first);
    assertEquals(await names(), [[one, "t"]]);
    await putManifest(registry, "app", "t", second);
    assertEquals(await names(), [[one, undefined], [two, "t"]]);
    await registry.head("/v2/app/manifests/t", { method: "DELETE" });
    assertEquals(await names(), [[one, undefined], [two, undefined]]);
    await registry.head(`/v2/app/manifests/${one}`, { method: "DELETE" });
    assertEquals(await names(), [[two, undefined]]);
  }));

Deno.test("directoryStorage() keeps what other tools wrote into index.json", () =>
  withRoot(async (root, registry) => {
    const text = await manifestText();
    await putManifest(registry, "app", "mine", text);
    const index = await readIndex(root, "app");
    const foreign = {
      mediaType: MANIFEST,
      digest: `blake3:${"0".repeat(64)}`,
      size: 5,
      platform: { os: "linux", architecture: "amd64" },
      annotations: { "org.opencontainers.image.ref.name": "example.com/a:b" },
      "x-own": [1, { two: 3 }],
    };
    index.manifests.unshift(foreign);
    index["x-top"] = true;
    await Deno.writeTextFile(`${root}/app/index.json`, JSON.stringify(index));
    const list = await registry.call("/v2/app/tags/list");
    assertEquals((await list.json()).tags, ["mine"]);
    await putManifest(registry, "app", "other", text);
    const after = await readIndex(root, "app");
    assertEquals(after["x-top"], true);
    assertEquals(after.manifests[0], foreign);
    assertEquals(after.manifests.length, 3);
  }));

Deno.test("directoryStorage() serves layouts that appear, change and disappear", () =>
  withRoot(async (root, registry) => {
    const text = await manifestText();
    const digest = await digestOf(text);
    const layout = `${root}/deep/er/app`;
    const status = async () =>
      (await registry.head("/v2/deep/er/app/manifests/x")).status;
    assertEquals(await status(), 404);
    await Deno.mkdir(`${layout}/blobs/sha256`, { recursive: true });
    await Deno.writeTextFile(
      `${layout}/oci-layout`,
      '{"imageLayoutVersion":"1.0.0"}',
    );
    // The folder is there, the index not yet.
    assertEquals(await status(), 404);
    await Deno.writeTextFile(
      `${layout}/blobs/${digest.replace(":", "/")}`,
      text,
    );
    const entry = { mediaType: MANIFEST, digest, size: text.length };
    const write = (tag: string) =>
      Deno.writeTextFile(
        `${layout}/index.json`,
        JSON.stringify({
          schemaVersion: 2,
          manifests: [{
            ...entry,
            annotations: { "org.opencontainers.image.ref.name": tag },
          }],
        }),
      );
    await write("x");
    assertEquals(await status(), 200);
    await write("y");
    assertEquals(await status(), 404);
    await write("x");
    assertEquals(await status(), 200);
    const catalog = await registry.call("/v2/_catalog");
    assertEquals((await catalog.json()).repositories, ["deep/er/app"]);
    await Deno.remove(layout, { recursive: true });
    assertEquals(await status(), 404);
    assertEquals(
      (await registry.head("/v2/deep/er/app/tags/list")).status,
      404,
    );
  }));

Deno.test("directoryStorage() finds the children of an index by their digests", () =>
  withRoot(async (root, registry) => {
    const child = await manifestText({ mediaType: undefined });
    const digest = await digestOf(child);
    const entry = { mediaType: MANIFEST, digest, size: child.length };
    await putManifest(
      registry,
      "app",
      "multi",
      JSON.stringify({ schemaVersion: 2, manifests: [entry] }),
      INDEX,
    );
    // As another tool leaves it: among the blobs, and not in index.json.
    const path = `${root}/app/blobs/${digest.replace(":", "/")}`;
    await Deno.writeTextFile(path, child);
    const pulled = await registry.call(`/v2/app/manifests/${digest}`);
    assertEquals(pulled.status, 200);
    assertEquals(pulled.headers.get("content-type"), MANIFEST);
    assertEquals(await pulled.text(), child);
    // A blob that is no manifest is none, whatever it is asked for as.
    const blob = await pushBlob(registry, "app", '{"some":"json"}');
    assertEquals(
      (await registry.head(`/v2/app/manifests/${blob}`)).status,
      404,
    );
  }));

Deno.test("directoryStorage() makes a mounted and an equal blob a hard link", () =>
  withRoot(async (root, registry) => {
    const digest = await pushBlob(registry, "one", "shared");
    await registry.head(`/v2/two/blobs/uploads/?mount=${digest}&from=one`, {
      method: "POST",
    });
    await pushBlob(registry, "three", "shared");
    const inodes = ["one", "two", "three"].map((name) =>
      Deno.statSync(`${root}/${name}/blobs/${digest.replace(":", "/")}`).ino
    );
    assertEquals(new Set(inodes).size, 1);
    assertEquals(filesBelow(`${root}/_uploads`), []);
  }));

Deno.test("directoryStorage() replaces a damaged blob when it is pushed again", () =>
  withRoot(async (root, registry) => {
    const digest = await pushBlob(registry, "app", "content");
    const path = `${root}/app/blobs/${digest.replace(":", "/")}`;
    await Deno.writeTextFile(path, "tampered");
    await pushBlob(registry, "app", "content");
    assertEquals(await Deno.readTextFile(path), "content");
  }));

Deno.test("directoryStorage() refuses repositories inside a layout's own files", () =>
  withRoot(async (_, registry) => {
    await pushBlob(registry, "a", "x");
    for (const name of ["a/blobs", "blobs", "a/index.json/b", "oci-layout"]) {
      const response = await registry.call(`/v2/${name}/blobs/uploads/`, {
        method: "POST",
      });
      assertEquals([name, response.status], [name, 400]);
      assertEquals(await errorCode(response), "NAME_INVALID");
      assertEquals((await registry.head(`/v2/${name}/tags/list`)).status, 400);
    }
    await pushBlob(registry, "a/b", "x");
    const catalog = await registry.call("/v2/_catalog");
    assertEquals((await catalog.json()).repositories, ["a", "a/b"]);
  }));

Deno.test("directoryStorage() answers damage with a clear 5xx", () =>
  withRoot(async (root, registry) => {
    const text = await manifestText();
    const digest = await digestOf(text);
    const blob = await pushBlob(registry, "app", "x");
    await putManifest(registry, "app", "t", text);
    const check = async (path: string, words: string) => {
      const response = await registry.call(path);
      assertEquals(response.status, 500);
      const { errors } = await response.json();
      assert(errors[0].message.includes(words), errors[0].message);
      assertFalse(errors[0].message.includes(root));
    };
    const file = (name: string) =>
      `${root}/app/blobs/${name.replace(":", "/")}`;
    await Deno.writeTextFile(file(digest), `${text} `);
    await check("/v2/app/manifests/t", "has another content");

    await Deno.remove(file(blob));
    await Deno.symlink("/etc/passwd", file(blob));
    await check(`/v2/app/blobs/${blob}`, "not a regular file");
    await Deno.remove(file(blob));
    await Deno.mkdir(file(blob));
    await check(`/v2/app/blobs/${blob}`, "not a regular file");

    for (const index of ["{", "[]", '{"manifests":[1]}', '{"manifests":7}']) {
      await Deno.writeTextFile(`${root}/app/index.json`, index);
      await check("/v2/app/tags/list", "index.json is not an image index");
    }
    await Deno.remove(`${root}/app/index.json`);
    await Deno.symlink("/etc/passwd", `${root}/app/index.json`);
    await check("/v2/app/manifests/t", "index.json is not a regular file");
  }));

Deno.test("directoryStorage() passes by foreign files in the root", () =>
  withRoot(async (root, registry) => {
    await pushBlob(registry, "app", "x");
    await Deno.writeTextFile(`${root}/README`, "a file");
    await Deno.writeTextFile(`${root}/file`, "a file");
    await Deno.mkdir(`${root}/Not A Name/blobs`, { recursive: true });
    await Deno.symlink(root, `${root}/loop`);
    const catalog = await registry.call("/v2/_catalog");
    assertEquals((await catalog.json()).repositories, ["app"]);
    assertEquals((await registry.head("/v2/file/sub/tags/list")).status, 404);
    assertEquals((await registry.head("/v2/file/tags/list")).status, 404);
  }));

Deno.test("directoryStorage() loses no tag that two storages on one root write", () =>
  withRoot(async (root) => {
    const registries = [open(root), open(root), open(root)];
    const expected: string[] = [];
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const tag = `t${String(index).padStart(2, "0")}`;
        expected.push(tag);
        const text = await manifestText({ annotations: { index: tag } });
        const registry = registries[index % registries.length]!;
        const { status } = await putManifest(registry, "app", tag, text);
        assertEquals(status, 201);
      }),
    );
    const list = await open(root).call("/v2/app/tags/list");
    assertEquals((await list.json()).tags, expected.sort());
    assertEquals(
      filesBelow(`${root}/app`).filter((name) => name.startsWith(".")),
      [],
    );
  }));

Deno.test("directoryStorage() loses no tag that two processes write", () =>
  withRoot(async (root) => {
    const program = fileURLToPath(new URL("./_tag_writer.ts", import.meta.url));
    await Promise.all(["a", "b", "c"].map(async (prefix) => {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", program, root, prefix],
      }).output();
      assert(success, new TextDecoder().decode(stderr));
    }));
    const list = await open(root).call("/v2/app/tags/list");
    assertEquals((await list.json()).tags.length, 60);
  }));

Deno.test("directoryStorage() takes a lock away from a process that ended", () =>
  withRoot(async (root, registry) => {
    await pushBlob(registry, "app", "x");
    const lock = `${root}/app/.index.json.lock`;
    await Deno.writeTextFile(lock, "nobody");
    await Deno.utime(lock, 1, 1);
    const pushed = await putManifest(
      registry,
      "app",
      "t",
      await manifestText(),
    );
    assertEquals(pushed.status, 201);
    assertFalse(
      filesBelow(`${root}/app`).some((name) => name.includes("lock")),
    );
  }));

Deno.test("directoryStorage() goes on with an upload that another storage began", () =>
  withRoot(async (root, registry) => {
    const location = await beginUpload(registry, "app");
    await registry.head(location, { method: "PATCH", body: "abc" });
    const other = open(root);
    const status = await other.head(location);
    assertEquals(status.headers.get("range"), "0-2");
    await other.head(location, { method: "PATCH", body: "def" });
    const digest = await digestOf("abcdef");
    // The first one's running hash has not seen all: it must read again.
    const done = await registry.head(`${location}?digest=${digest}`, {
      method: "PUT",
    });
    assertEquals(done.status, 201);
    const pulled = await other.call(`/v2/app/blobs/${digest}`);
    assertEquals(await pulled.text(), "abcdef");
  }));

Deno.test("directoryStorage() shows nothing of an upload that breaks off", () =>
  withRoot(async (root, registry) => {
    const digest = await digestOf("never all of it");
    const body = () =>
      new ReadableStream({
        start: (controller) =>
          controller.enqueue(new TextEncoder().encode("never")),
        pull: (controller) => controller.error(new Error("gone")),
      });
    const init = { method: "POST", duplex: "half" };
    const single = await registry.call(
      `/v2/app/blobs/uploads/?digest=${digest}`,
      { ...init, body: body() } as RequestInit,
    );
    assertEquals(single.status, 400);
    assertEquals(await errorCode(single), "BLOB_UPLOAD_INVALID");
    assertEquals(filesBelow(root), []);

    const location = await beginUpload(registry, "app");
    const chunk = { ...init, method: "PATCH", body: body() };
    const patched = await registry.head(location, chunk as RequestInit);
    assertEquals(patched.status, 400);
    // What had arrived is kept, so that the client can go on from there.
    const status = await registry.head(location);
    assertEquals(status.headers.get("range"), "0-4");
    await registry.head(location, { method: "PATCH", body: " all of it" });
    const done = await registry.head(`${location}?digest=${digest}`, {
      method: "PUT",
    });
    assertEquals(done.status, 201);
  }));

Deno.test("directoryStorage() drops old uploads, and keeps the young", () =>
  withRoot(async (root, registry) => {
    const old = await beginUpload(registry, "app");
    const [name] = filesBelow(`${root}/_uploads`);
    await Deno.utime(`${root}/_uploads/${name}`, 1, 1);
    const fresh = open(root);
    const young = await beginUpload(fresh, "app");
    assertEquals((await registry.head(old)).status, 404);
    assertEquals((await registry.head(young)).status, 204);
  }));

/** Where a symbolic link in a layout can stand. */
const PLANTED: readonly string[] = [
  "app",
  "app/blobs",
  "app/blobs/sha256",
  "app/index.json",
  "app/oci-layout",
];

for (const planted of PLANTED) {
  Deno.test(`directoryStorage() follows no link that stands at ${planted}`, () =>
    withRoot(async (root, registry) => {
      const outside = await Deno.makeTempDir();
      const digest = await pushBlob(open(outside), "app", "secret");
      await putManifest(open(outside), "app", "v1", await manifestText());
      if (planted !== "app") {
        await pushBlob(registry, "app", "own");
        await putManifest(registry, "app", "v1", await manifestText());
        await Deno.remove(`${root}/${planted}`, { recursive: true });
      }
      const before = filesBelow(outside);
      await Deno.symlink(`${outside}/${planted}`, `${root}/${planted}`);
      const fresh = open(root);
      const other = await manifestText({ annotations: { other: "yes" } });
      for (const repository of ["app", "app/below"]) {
        const path = `/v2/${repository}`;
        const answers = [
          await fresh.call(`${path}/blobs/${digest}`),
          await fresh.call(`${path}/tags/list`),
          await fresh.call(`${path}/manifests/v1`),
          await fresh.call(
            `/v2/new/blobs/uploads/?mount=${digest}&from=${repository}`,
            { method: "POST" },
          ),
          await fresh.call(
            `${path}/blobs/uploads/?digest=${await digestOf("new")}`,
            { method: "POST", body: "new" },
          ),
          await fresh.call(`${path}/blobs/${digest}`, { method: "DELETE" }),
          await fresh.call(`${path}/manifests/v1`, { method: "DELETE" }),
        ];
        await putManifest(fresh, repository, "v2", other);
        for (const answer of answers) {
          assertFalse((await answer.text()).includes("secret"));
        }
      }
      assertEquals(filesBelow(outside), before);
      await Deno.remove(outside, { recursive: true });
    }));
}

Deno.test("directoryStorage() lists no referrer whose file is gone, and none of another repository", () =>
  withRoot(async (root, registry) => {
    const subject = await manifestText();
    const about = {
      mediaType: MANIFEST,
      digest: await digestOf(subject),
      size: subject.length,
    };
    const text = JSON.stringify({
      ...JSON.parse(subject),
      ...{ artifactType: "application/x", subject: about },
    });
    const digest = await digestOf(text);
    for (const name of ["app", "other"]) {
      await pushBlob(registry, name, "{}");
      await putManifest(registry, name, "v1", subject);
    }
    await putManifest(registry, "app", digest, text);
    const entry = { mediaType: MANIFEST, digest, size: text.length };
    const sparse = { schemaVersion: 2, mediaType: INDEX, manifests: [entry] };
    await putManifest(
      registry,
      "other",
      "all",
      JSON.stringify(sparse),
      INDEX,
    );
    const list = async (name: string) => {
      const path = `/v2/${name}/referrers/${about.digest}`;
      return (await (await registry.call(path)).json()).manifests.length;
    };
    assertEquals([await list("app"), await list("other")], [1, 0]);
    await Deno.remove(`${root}/app/blobs/sha256/${digest.split(":")[1]}`);
    assertEquals([await list("app"), await list("other")], [0, 0]);
  }));
