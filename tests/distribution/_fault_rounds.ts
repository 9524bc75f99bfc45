// deno-lint-ignore-file no-console
/**
 * Lets a registry over a directory work until its k-th change fails, for each k, then
 * opens the directory anew and looks whether all is as it must be. With `dead` all
 * later changes fail too, as those of a process that was killed.
 */
import { createRegistry } from "@gantry/oci/distribution/server";
import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { assert, assertEquals } from "@std/assert";
import { faults } from "./_faulty_fs.ts";
import {
  client,
  digestOf,
  MANIFEST,
  manifestText,
  type Registry,
} from "./_registries.ts";

const OLD = await manifestText({ annotations: { n: "old" } });
const NEW = await manifestText({ annotations: { n: "new" } });
const DOOMED = await manifestText({ annotations: { n: "doomed" } });

/** What was answered with success, and must hold from then on. */
interface Promised {
  readonly blobs: Map<string, string>;
  readonly manifests: Map<string, string>;
  upload: string | undefined;
}

function open(root: string): Registry {
  const { fetch } = createRegistry({ storage: directoryStorage(root) });
  return client((path, init) =>
    fetch(new Request(new URL(path, "http://registry.test"), init))
  );
}

async function put(registry: Registry, tag: string, body: string) {
  return (await registry.head(`/v2/app/manifests/${tag}`, {
    method: "PUT",
    body,
    headers: { "content-type": MANIFEST },
  })).status;
}

async function post(registry: Registry, repository: string, body: string) {
  const path = `/v2/${repository}/blobs/uploads/?digest=${await digestOf(
    body,
  )}`;
  return (await registry.head(path, { method: "POST", body })).status;
}

async function prepare(root: string): Promise<void> {
  const registry = open(root);
  assertEquals(await post(registry, "app", "kept"), 201);
  assertEquals(await post(registry, "app", "doomed"), 201);
  assertEquals(await put(registry, "stable", OLD), 201);
  assertEquals(await put(registry, "moving", OLD), 201);
  assertEquals(await put(registry, "doomed", DOOMED), 201);
}

/** One of each kind of change. */
async function work(registry: Registry, promised: Promised): Promise<void> {
  const remove = async (path: string) =>
    (await registry.head(`/v2/app/${path}`, { method: "DELETE" })).status;
  const blob = async (repository: string, text: string, status: number) => {
    if (status !== 201) return;
    promised.blobs.set(`${repository} ${await digestOf(text)}`, text);
  };
  await blob("app", "single", await post(registry, "app", "single"));
  await blob("fresh", "single", await post(registry, "fresh", "single"));
  const begun = await registry.head("/v2/app/blobs/uploads/", {
    method: "POST",
  });
  const location = begun.headers.get("location");
  if (begun.status === 202 && location !== null) {
    promised.upload = location;
    for (const body of ["chunk", "ed"]) {
      await registry.head(location, { method: "PATCH", body });
    }
    const digest = await digestOf("chunked");
    const closed = await registry.head(`${location}?digest=${digest}`, {
      method: "PUT",
    });
    await blob("app", "chunked", closed.status);
    if (closed.status === 201) promised.upload = undefined;
  }
  const kept = await digestOf("kept");
  const mount = `/v2/other/blobs/uploads/?mount=${kept}&from=app`;
  const mounted = await registry.head(mount, { method: "POST" });
  await blob("other", "kept", mounted.status);
  if (await put(registry, "moving", NEW) === 201) {
    promised.manifests.set("moving", NEW);
  }
  if (await put(registry, "added", NEW) === 201) {
    promised.manifests.set("added", NEW);
  }
  await remove("manifests/doomed");
  await remove(`manifests/${await digestOf(DOOMED)}`);
  await remove(`blobs/${await digestOf("doomed")}`);
}

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesBelow(path);
    else yield path;
  }
}

async function check(root: string, promised: Promised): Promise<void> {
  // No time passes here: what a lock's time would tell is told by hand.
  for (const file of filesBelow(root)) {
    if (file.endsWith(".lock")) await Deno.utime(file, 1, 1);
  }
  const registry = open(root);
  for (const file of filesBelow(root)) {
    const match = /\/blobs\/(\w+)\/([0-9a-f]+)$/.exec(file);
    if (match === null) continue;
    const digest = await digestOf(await Deno.readFile(file), match[1]);
    assertEquals(digest, `${match[1]}:${match[2]}`, `content of ${file}`);
  }
  for (const [key, text] of promised.blobs) {
    const [repository, digest] = key.split(" ");
    const pulled = await registry.call(`/v2/${repository}/blobs/${digest}`);
    assertEquals([pulled.status, await pulled.text()], [200, text]);
  }
  const list = await registry.call("/v2/app/tags/list");
  assertEquals(list.status, 200);
  const { tags } = await list.json();
  assert(tags.includes("stable") && tags.includes("moving"));
  for (const tag of tags) {
    const pulled = await registry.call(`/v2/app/manifests/${tag}`);
    const text = await pulled.text();
    assertEquals(pulled.status, 200, `${tag}: ${text}`);
    assertEquals(
      pulled.headers.get("docker-content-digest"),
      await digestOf(text),
    );
    const allowed = { stable: [OLD], moving: [OLD, NEW] }[tag as string];
    assert(allowed?.includes(text) ?? true, tag);
    assertEquals(promised.manifests.get(tag) ?? text, text);
  }
  for (const tag of promised.manifests.keys()) assert(tags.includes(tag), tag);
  await resume(registry, promised.upload);
  assertEquals(await post(registry, "app", "afterwards"), 201);
  assertEquals(await put(registry, "afterwards", NEW), 201);
}

/** An upload is gone, or goes on from where it says that it is. */
async function resume(
  registry: Registry,
  location: string | undefined,
): Promise<void> {
  if (location === undefined) return;
  const state = await registry.head(location);
  if (state.status === 404) return;
  assertEquals(state.status, 204);
  const last = Number(state.headers.get("range")!.split("-")[1]);
  const held = last === 0 ? 0 : last + 1;
  const digest = await digestOf("chunked");
  const done = await registry.call(`${location}?digest=${digest}`, {
    method: "PUT",
    body: "chunked".slice(held),
  });
  // A lock that the dead process held is respected until it is stale.
  assertEquals(done.status, 201, await done.text());
}

const dead = Deno.args[0] === "dead";
let rounds = 0;
for (let at = 1;; at++, rounds++) {
  const root = await Deno.makeTempDir();
  faults.arm(0, false);
  await prepare(root);
  const promised: Promised = {
    blobs: new Map(),
    manifests: new Map(),
    upload: undefined,
  };
  faults.arm(at, dead);
  await work(open(root), promised);
  const { failed, count } = faults;
  faults.arm(0, false);
  try {
    // Only who dies leaves a lock behind, or who cannot take it away.
    if (!dead && failed !== "unlink") {
      assert(!filesBelow(root).some((file) => file.endsWith(".lock")));
    }
    await check(root, promised);
  } catch (error) {
    console.log(`After change ${at} of ${count} (${failed}) failed:`);
    throw error;
  }
  await Deno.remove(root, { recursive: true });
  if (failed === "") break;
}
console.log(rounds);
