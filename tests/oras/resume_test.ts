import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Digest, DigestMismatchError } from "@gantry/oci/digest";
import {
  ConnectionError,
  fromHandler,
  RegistryClient,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { Registry } from "@gantry/oci/oras";
import { pattern, testSource } from "../_support/transports.ts";

const MIB = 1024 * 1024;
const SIZE = 3 * MIB;
const DIGEST = String(await Digest.fromBytes(pattern(0, SIZE)));
const BLOB = {
  mediaType: "application/octet-stream",
  digest: DIGEST,
  size: SIZE,
};
const PREFIX = `.gantry-sha256-${DIGEST.slice(7, 39)}.`;
const PART = `${PREFIX}part`;

/** How the next bodies of blobs are spoiled. */
interface Spoil {
  /** Cut off after so many bytes. */
  cut?: number | undefined;
  /** Other bytes than there are. */
  tampered?: boolean;
}

/** A registry with a blob, a folder, and what was asked for. */
class World implements AsyncDisposable {
  readonly ranges: (string | null)[] = [];
  readonly registry: Registry;
  spoil: Spoil = {};

  private constructor(readonly folder: string) {
    const { fetch } = createRegistry();
    const transport = fromHandler(async (request) => {
      const response = await fetch(request);
      if (request.method !== "GET" || !request.url.includes("/blobs/sha256:")) {
        return response;
      }
      this.ranges.push(request.headers.get("range"));
      const { cut, tampered } = this.spoil;
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (tampered) bytes.fill(0);
      const { headers, status } = response;
      const body = cut === undefined ? bytes : broken(bytes.slice(0, cut));
      return new Response(body, { headers, status });
    });
    this.registry = new Registry({
      hostname: "registry.example",
      transport,
      retry: { maxAttempts: 1 },
    });
  }

  static async open(): Promise<World> {
    const world = new World(await Deno.makeTempDir());
    const { blobs } = world.registry.repository("app");
    await blobs.push(BLOB, testSource(SIZE));
    return world;
  }

  async download(
    options: { resume?: boolean; signal?: AbortSignal; name?: string } = {},
  ): Promise<void> {
    const { name = "big", resume = true, signal } = options;
    const path = join(this.folder, name);
    await this.registry.downloadBlob("app", BLOB, { path, resume, signal });
  }

  async names(): Promise<string[]> {
    const names = await Array.fromAsync(
      Deno.readDir(this.folder),
      ({ name }) => name,
    );
    return names.toSorted();
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    await Deno.writeFile(join(this.folder, name), bytes);
  }

  /** Demands that the file is there as it should be, and nothing beside it. */
  async assertWhole(beside: readonly string[] = []): Promise<void> {
    assertEquals(await this.names(), [...beside, "big"].toSorted());
    const bytes = await Deno.readFile(join(this.folder, "big"));
    assertEquals(String(await Digest.fromBytes(bytes)), DIGEST);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

function broken(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent < bytes.byteLength) {
        controller.enqueue(bytes.slice(sent, sent += 64 * 1024));
        return;
      }
      throw new ConnectionError("CONNECTION_RESET", "cut", {
        method: "GET",
        url: "https://registry.example/",
      });
    },
  });
}

Deno.test("a download that is interrupted goes on where it was, the next time", async () => {
  await using world = await World.open();
  world.spoil = { cut: 2 * MIB };
  await assertRejects(() => world.download(), ConnectionError);
  assertEquals(await world.names(), [PART]);
  // And once more, on its way from there.
  world.spoil = { cut: MIB / 2 };
  await assertRejects(() => world.download(), ConnectionError);
  assertEquals(await world.names(), [PART]);
  world.spoil = {};
  await world.download();
  await world.assertWhole();
  const [first, second, third] = world.ranges;
  assertEquals(first, null);
  // What arrived just before the cut may not have been written.
  const from = [second, third].map((range) => Number(/\d+/.exec(range!)![0]));
  assert(from[0]! >= MIB && from[0]! <= 2 * MIB, `${from}`);
  assert(from[1]! > from[0]! || from[0] === 2 * MIB, `${from}`);
});

Deno.test("a pull goes on where it was, too", async () => {
  await using world = await World.open();
  const root = await Deno.makeTempDir();
  await Deno.writeFile(join(root, "big"), pattern(0, SIZE));
  await world.registry.push("app:v1", { root, files: ["big"] });
  await Deno.remove(root, { recursive: true });
  const pull = () =>
    world.registry.pull("app:v1", { outdir: world.folder, resume: true });
  world.spoil = { cut: 2 * MIB };
  await assertRejects(pull, ConnectionError);
  assertEquals(await world.names(), [PART]);
  world.spoil = {};
  await pull();
  await world.assertWhole();
  assert(world.ranges.at(-1)?.startsWith("bytes="));
});

Deno.test("a download that is interrupted leaves nothing where that is not wanted", async () => {
  await using world = await World.open();
  world.spoil = { cut: 2 * MIB };
  await assertRejects(() => world.download({ resume: false }), ConnectionError);
  assertEquals(await world.names(), []);
  // Nor where next to nothing arrived.
  world.spoil = { cut: 1000 };
  await assertRejects(() => world.download(), ConnectionError);
  assertEquals(await world.names(), []);
});

Deno.test("a download that is aborted keeps what there is, and fails with the reason", async () => {
  await using world = await World.open();
  const controller = new AbortController();
  const reason = new Error("enough");
  const path = join(world.folder, "big");
  const download = world.registry.downloadBlob("app", BLOB, {
    path,
    resume: true,
    signal: controller.signal,
    onProgress({ transferred }) {
      if (transferred > MIB) controller.abort(reason);
    },
  });
  assertEquals(await assertRejects(() => download), reason);
  assertEquals(await world.names(), [PART]);
  await world.download();
  await world.assertWhole();
});

Deno.test("a part that is whole is verified, and nothing is asked for", async () => {
  await using world = await World.open();
  await world.put(PART, pattern(0, SIZE));
  await world.download();
  await world.assertWhole();
  assertEquals(world.ranges, []);
});

const BAD_PARTS: readonly [string, Uint8Array][] = [
  ["of something else", new Uint8Array(2 * MIB)],
  ["as long as the whole, of something else", new Uint8Array(SIZE)],
  ["longer than the whole", pattern(0, SIZE + 1)],
  ["empty", new Uint8Array()],
];
for (const [what, bytes] of BAD_PARTS) {
  Deno.test(`a part that is ${what} is forgotten, and all is fetched anew`, async () => {
    await using world = await World.open();
    await world.put(PART, bytes);
    await world.download();
    assertEquals(world.ranges.at(-1), null);
    const left = (await world.names()).filter((name) => name !== "big");
    // What cannot be a part of this is not touched.
    const isTouched = bytes.byteLength > 0 && bytes.byteLength <= SIZE;
    assertEquals(left, isTouched ? [] : [PART]);
    if (!isTouched) await Deno.remove(join(world.folder, PART));
    await world.assertWhole();
  });
}

Deno.test("content that is not what it should be leaves nothing, resumed or not", async () => {
  for (const part of [undefined, pattern(0, MIB)]) {
    await using world = await World.open();
    if (part !== undefined) await world.put(PART, part);
    world.spoil = { tampered: true };
    await assertRejects(() => world.download(), DigestMismatchError);
    assertEquals(await world.names(), []);
  }
});

for (const kind of ["symbolic", "hard"]) {
  Deno.test(`a ${kind} link in a part's place is not followed`, async () => {
    await using world = await World.open();
    const outside = await Deno.makeTempDir();
    const secret = join(outside, "secret");
    await Deno.writeFile(secret, pattern(0, MIB));
    for (const name of [PART, `${PREFIX}0123456789ab.part`]) {
      const path = join(world.folder, name);
      if (kind === "symbolic") await Deno.symlink(secret, path);
      else await Deno.link(secret, path);
    }
    await world.download();
    assertEquals(world.ranges, [null]);
    assertEquals(await Deno.readFile(secret), pattern(0, MIB));
    // An interruption puts its part in the place of the link.
    await Deno.remove(join(world.folder, "big"));
    world.spoil = { cut: 2 * MIB };
    await assertRejects(() => world.download(), ConnectionError);
    assertEquals(await Deno.readFile(secret), pattern(0, MIB));
    assert((await Deno.lstat(join(world.folder, PART))).isFile);
    await Deno.remove(outside, { recursive: true });
  });
}

Deno.test("a directory in a part's place does no harm", async () => {
  await using world = await World.open();
  await Deno.mkdir(join(world.folder, PART));
  world.spoil = { cut: 2 * MIB };
  await assertRejects(() => world.download(), ConnectionError);
  assertEquals(await world.names(), [PART]);
  world.spoil = {};
  await world.download();
  await world.assertWhole([PART]);
});

Deno.test("what a killed process left is gone on with, and removed at the end", async () => {
  await using world = await World.open();
  await world.put(`${PREFIX}0123456789ab.part`, pattern(0, 100_000));
  await world.put(`${PREFIX}ba9876543210.part`, pattern(0, 2 * MIB));
  await world.put(`${PREFIX}other.part`, pattern(0, 10));
  await world.download();
  assertEquals(world.ranges, [`bytes=${2 * MIB}-`]);
  await world.assertWhole([`${PREFIX}other.part`]);
});

Deno.test("what another process still writes is left to it", async () => {
  await using world = await World.open();
  const living = `${PREFIX}0123456789ab.part`;
  await world.put(living, pattern(0, MIB));
  await world.registry.downloadBlob("app", BLOB, {
    path: join(world.folder, "big"),
    resume: true,
    onProgress({ transferred }) {
      if (transferred === SIZE) append(join(world.folder, living));
    },
  });
  await world.assertWhole([living]);
});

function append(path: string): void {
  Deno.writeFileSync(path, pattern(MIB, 10), { append: true });
}

Deno.test("a download whose part another run removed begins anew", async () => {
  await using world = await World.open();
  const path = join(world.folder, "big");
  let removals = 0;
  await world.registry.downloadBlob("app", BLOB, {
    path,
    resume: true,
    onProgress({ transferred }) {
      if (transferred === SIZE && removals++ === 0) removeParts(world.folder);
    },
  });
  await world.assertWhole();
  assertEquals(world.ranges, [null, null]);
});

function removeParts(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.endsWith(".part")) Deno.removeSync(join(folder, name));
  }
}

Deno.test("downloads of one blob at once do not disturb each other, whatever is there", async () => {
  for (const part of [undefined, PART, `${PREFIX}0123456789ab.part`]) {
    await using world = await World.open();
    if (part !== undefined) await world.put(part, pattern(0, 2 * MIB));
    await Promise.all(Array.from({ length: 4 }, () => world.download()));
    await world.assertWhole();
  }
});

Deno.test("a small blob is fetched anew", async () => {
  const { fetch } = createRegistry();
  const client = new RegistryClient("registry.example", {
    transport: fromHandler(fetch),
  });
  const size = 200_000;
  const digest = String(await Digest.fromBytes(pattern(0, size)));
  const blob = { ...BLOB, digest, size };
  await client.repository("app").blobs.push(blob, testSource(size));
  const folder = await Deno.makeTempDir();
  const registry = new Registry({
    hostname: "registry.example",
    transport: fromHandler(async (request) => {
      const response = await fetch(request);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const { headers, status } = response;
      const body = broken(bytes.slice(0, 100_000));
      return new Response(body, { headers, status });
    }),
    retry: { maxAttempts: 1 },
  });
  const path = join(folder, "small");
  await assertRejects(
    () => registry.downloadBlob("app", blob, { path, resume: true }),
    ConnectionError,
  );
  assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  await Deno.remove(folder, { recursive: true });
});
