import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import * as gantry from "@gantry/oci";
import * as distributionOnDisk from "@gantry/oci/distribution/node";
import * as layersOnDisk from "@gantry/oci/image/layer/node";
import * as storesOnDisk from "@gantry/oci/oras/node";
import type { TraceEvent } from "@gantry/oci/distribution";
import type { Descriptor } from "@gantry/oci/image";
import type { RowCheck } from "../_support/readme_table.ts";

const { createRegistry, fixedCredentials, fromHandler, MemoryStore } = gantry;
const { Digest, Registry, toSource } = gantry;

/** What rows are run with, and what their checks look at. */
export interface Run {
  /** The provider, for `registry.example`. */
  readonly registry: gantry.Registry;
  /** Its repository `team/app`. */
  readonly repository: gantry.Repository;
  /** The requests of the row. */
  readonly seen: readonly Request[];
  /** The artifact `team/app:v1`. */
  readonly image: Descriptor;
  /** Its only layer, `notes.txt`. */
  readonly layer: Descriptor;
  /** Its repository `team/other`, which is not there yet. */
  readonly other: gantry.Repository;
  /** The artifact in memory, with a note about it. */
  readonly memory: gantry.MemoryStore;
  /** The artifact in a layout. */
  readonly layout: storesOnDisk.LayoutStore;
  /** The folder with files. */
  readonly root: string;
  /** A folder that is not there yet. */
  readonly outdir: string;
  /** A file that is not there yet. */
  readonly path: string;
  /** Docker's config, which knows `ghcr.io`. */
  readonly config: string;
  /** The digests that `leave` was told. */
  readonly digests: readonly string[];
  /** The events that `tell` was told. */
  readonly events: readonly TraceEvent[];
}

/** What the row that has just run was run with. */
let last: Run;

const USER = { username: "me", password: "s3cret" };

/**
 * A registry with an artifact of two tags and a note about it, the same in a layout
 * and in memory, an index, and some files.
 */
export async function openScope(): Promise<
  AsyncDisposable & { readonly names: object }
> {
  const folder = await Deno.makeTempDir();
  const seen: Request[] = [];
  const server = createRegistry({
    authenticate: (username, password) =>
      username === USER.username && password === USER.password
        ? { name: username }
        : undefined,
  });
  const transport = fromHandler((request) => {
    seen.push(request.clone());
    return server.fetch(request);
  });
  const names = await makeNames(folder, transport, seen);
  seen.length = 0;
  last = names;
  return {
    names,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function makeNames(
  folder: string,
  transport: gantry.Transport,
  seen: readonly Request[],
): Promise<Run> {
  const hostname = "registry.example";
  const credentials = fixedCredentials(USER);
  const retry = { maxAttempts: 1 };
  const options = { hostname, transport, retry };
  const registry = new Registry({ ...options, credentials });
  const root = join(folder, "files");
  await writeAll(root, {
    "notes.txt": "# Notes",
    "a:b.txt": "colon",
    "site/index.html": "<p>Hello",
    "config.json": '{"tool":1}',
    "annotations.json": '{"$manifest":{"mood":"good"},"site":{"legs":"4"}}',
  });
  await writeAll(folder, {
    "ca.pem": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    "config.json": JSON.stringify({
      auths: {
        "ghcr.io": { auth: btoa("you:pw") },
        "localhost:5000": { auth: btoa("me:pw") },
      },
    }),
  });
  const { descriptor: image, manifest } = await registry.push("team/app:v1", {
    files: [{
      title: "notes.txt",
      content: "# Notes",
      mediaType: "text/plain",
    }],
    tags: ["stable"],
  });
  const repository = registry.repository("team/app");
  const memory = new MemoryStore();
  await gantry.copy(repository, "v1", memory, "v1");
  const layout = new storesOnDisk.LayoutStore(join(folder, "layout"));
  await gantry.copy(repository, "v1", layout, "v1");
  const note = {
    artifactType: "application/vnd.example.note",
    annotations: { mood: "good" },
  };
  for (const store of [memory, repository]) {
    await gantry.attach(store, "v1", note);
  }
  const platform = { os: "linux", architecture: "arm64" };
  await registry.push("team/indexed:arm64", { artifactPlatform: platform });
  const indexed = registry.repository("team/indexed");
  await gantry.createIndex(indexed, ["arm64"], { tags: ["all"] });
  await registry.push("team/packed", { root, files: ["site"] });
  const other = registry.repository("team/other");
  const tar = join(folder, "layout.tar");
  await storesOnDisk.writeArchive(
    tar,
    gantry.packLayout(memory, [{ descriptor: image, tag: "v1" }]),
  );
  const archive = join(folder, "layer.tgz");
  await layersOnDisk.packDirectoryToFile(join(root, "site"), archive);
  const text = "just a demo";
  const digests: string[] = [];
  const events: TraceEvent[] = [];
  const names = {
    ...gantry,
    ...distributionOnDisk,
    ...layersOnDisk,
    ...storesOnDisk,
    join,
    ...{
      hostname,
      transport,
      credentials,
      registry,
      root,
      indexed,
      other,
      tar,
    },
    ...{ image, repository, memory, layout, archive, digests, events, seen },
    ...{ client: repository.client, platform },
    stranger: new Registry(options),
    ...USER,
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "example",
    pem: join(folder, "ca.pem"),
    config: join(folder, "config.json"),
    file: join(root, "notes.txt"),
    outdir: join(folder, "out"),
    path: join(folder, "download"),
    header: 'Bearer realm="https://auth.example/token",service="s"',
    manifest: manifest.value,
    layer: manifest.value.layers[0]!,
    source: toSource(text),
    bytes: new TextEncoder().encode(text),
    descriptor: {
      mediaType: "text/plain",
      digest: String(await Digest.fromString(text)),
      size: text.length,
    },
    leave: ({ digest }: Descriptor) => void digests.push(digest),
    tell: (event: TraceEvent) => void events.push(event),
  };
  return names;
}

async function writeAll(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, content);
  }
}

/** Checks by what the row was run with, too. */
export function given(
  check: (value: unknown, run: Run) => void | Promise<void>,
): RowCheck {
  return (value) => check(value, last);
}

/** The value is this. */
export function is(expected: unknown): RowCheck {
  return (value) => assertEquals(value, expected);
}

/** The value has these members. */
export function has(expected: Readonly<Record<string, unknown>>): RowCheck {
  return (value) => {
    for (const [name, expectation] of Object.entries(expected)) {
      const member = (value as Record<string, unknown>)[name];
      assertEquals(member, expectation, name);
    }
  };
}

/** The value holds this after a dotted path, such as `manifest.value.layers.0.size`. */
export function at(path: string, expected: unknown): RowCheck {
  return (value) => {
    let found = value;
    for (const name of path.split(".")) {
      found = (found as Record<string, unknown> | undefined)?.[name];
    }
    assertEquals(found, expected, path);
  };
}

/** The value is of a class. */
export function a(
  expected: new (...args: never[]) => unknown,
): RowCheck {
  return (value) => assert(value instanceof expected, Deno.inspect(value));
}

/** The repository `team/app` has these tags afterwards. */
export function tagged(...tags: string[]): RowCheck {
  return given(async (_, { registry }) => {
    assertEquals(await registry.getTags("team/app"), tags);
  });
}

/** The value is a provider by which the tags can be listed. */
export const works: RowCheck = async (registry) => {
  assert(registry instanceof Registry);
  assertEquals(await registry.getTags("team/app"), ["stable", "v1"]);
};
