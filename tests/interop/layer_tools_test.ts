import { assert, assertEquals } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  applyLayers,
  extractDirectory,
  packLayerToFile,
} from "@gantry/oci/image/layer/node";
import {
  chmod,
  copyFile,
  link,
  lstat,
  mkdir,
  readFile,
  symlink,
  writeFile,
} from "node:fs/promises";
import { found } from "../_support/programs.ts";
import { getXattrs, setXattrs, xattrsWork } from "../_support/xattrs.ts";
import { temporaryDirectory } from "../image/layer/_directories.ts";
import {
  describe,
  mutate,
  random,
  settle,
} from "../image/layer/_random_tree.ts";

const IMAGE = "application/vnd.oci.image.";

async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    // Without a locale bsdtar writes no name that is not ASCII.
    env: { LC_ALL: "C.UTF-8" },
  }).output();
  const text = new TextDecoder();
  assert(success, `${program} ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

function open(
  path: string,
): () => Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return async () => (await Deno.open(path)).readable;
}

interface Stored {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A layout of one image. */
class Layout {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  blob({ digest }: { readonly digest: string }): string {
    return `${this.path}/blobs/${digest.replace(":", "/")}`;
  }

  async store(mediaType: string, value: unknown): Promise<Stored> {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const digest = String(await Digest.fromBytes(bytes));
    await writeFile(this.blob({ digest }), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Writes an image whose layers make each tree of the one before. */
  async write(
    trees: readonly string[],
    compression: "gzip" | "none" | "zstd" = "gzip",
    xattrs: "keep" | "ignore" = "ignore",
  ): Promise<void> {
    await mkdir(`${this.path}/blobs/sha256`, { recursive: true });
    const layers: Stored[] = [];
    const diffIds: string[] = [];
    for (const [index, tree] of trees.entries()) {
      const file = `${this.path}/layer`;
      const { diffId, ...stored } = await packLayerToFile(tree, file, {
        base: trees[index - 1],
        compression,
        owners: "keep",
        xattrs,
      });
      await copyFile(file, this.blob(stored));
      await Deno.remove(file);
      layers.push(stored);
      diffIds.push(diffId);
    }
    const config = await this.store(`${IMAGE}config.v1+json`, {
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: diffIds },
      history: layers.map(() => ({ created_by: "gantry" })),
    });
    const manifest = await this.store(`${IMAGE}manifest.v1+json`, {
      schemaVersion: 2,
      mediaType: `${IMAGE}manifest.v1+json`,
      config,
      layers,
    });
    await writeFile(
      `${this.path}/oci-layout`,
      '{"imageLayoutVersion":"1.0.0"}',
    );
    await writeFile(
      `${this.path}/index.json`,
      JSON.stringify({
        schemaVersion: 2,
        manifests: [{
          ...manifest,
          annotations: { "org.opencontainers.image.ref.name": "v1" },
        }],
      }),
    );
  }

  /** Applies the image's layers. */
  async apply(directory: string): Promise<void> {
    const json = async (stored: { readonly digest: string }) =>
      JSON.parse(await readFile(this.blob(stored), "utf8"));
    const index = JSON.parse(await readFile(`${this.path}/index.json`, "utf8"));
    const manifest = await json(index.manifests[0]);
    const { rootfs } = await json(manifest.config);
    await applyLayers(
      manifest.layers.map((layer: Stored, at: number) => ({
        ...layer,
        diffId: rootfs.diff_ids[at],
        open: open(this.blob(layer)),
      })),
      directory,
    );
  }
}

/** Trees that follow from each other. */
async function makeTrees(folder: string, seed: number): Promise<string[]> {
  const next = random(seed);
  const trees = ["1", "2", "3"].map((name) => `${folder}/tree${name}`);
  await mkdir(trees[0]!);
  for (const [index, tree] of trees.entries()) {
    if (index > 0) await run("cp", "-a", trees[index - 1]!, tree);
    mutate(tree, next, 30);
    settle(tree, next);
  }
  return trees;
}

Deno.test({
  name: "umoci unpacks our layers to what applyLayers() gives",
  ignore: !found("umoci") || Deno.uid() !== 0,
  async fn(t) {
    for (let seed = 101; seed <= 108; seed++) {
      await t.step(`seed ${seed}`, async () => {
        await using work = await temporaryDirectory();
        const trees = await makeTrees(work.path, seed);
        const layout = new Layout(`${work.path}/layout`);
        await layout.write(trees);
        await layout.apply(`${work.path}/ours`);
        const bundle = `${work.path}/bundle`;
        await run("umoci", "unpack", "--image", `${layout.path}:v1`, bundle);
        assertEquals(
          describe(`${work.path}/ours`),
          describe(`${bundle}/rootfs`),
        );
        assertEquals(describe(`${work.path}/ours`), describe(trees[2]!));
      });
    }
  },
});

Deno.test({
  name: "applyLayers() reads the layers that umoci makes",
  ignore: !found("umoci") || Deno.uid() !== 0,
  async fn(t) {
    for (let seed = 201; seed <= 204; seed++) {
      await t.step(`seed ${seed}`, async () => {
        await using work = await temporaryDirectory();
        const [first] = await makeTrees(work.path, seed);
        const layout = new Layout(`${work.path}/layout`);
        await layout.write([first!]);
        const image = `${layout.path}:v1`;
        const bundle = `${work.path}/bundle`;
        await run("umoci", "unpack", "--image", image, bundle);
        const next = random(seed + 1000);
        mutate(`${bundle}/rootfs`, next, 20);
        settle(`${bundle}/rootfs`, next);
        await run("umoci", "repack", "--image", image, bundle);
        await layout.apply(`${work.path}/ours`);
        assertEquals(
          describe(`${work.path}/ours`),
          describe(`${bundle}/rootfs`),
        );
      });
    }
  },
});

Deno.test({
  name: "umoci and applyLayers() agree on extended attributes",
  ignore: !found("umoci") || !xattrsWork() || Deno.uid() !== 0,
  async fn() {
    await using work = await temporaryDirectory();
    const [first, second] = [`${work.path}/1`, `${work.path}/2`] as const;
    const names = ["dir", "dir/file", "ping", "bare"];
    await mkdir(`${first}/dir`, { recursive: true });
    for (const name of names.slice(1)) await writeFile(`${first}/${name}`, "x");
    await setXattrs({
      [`${first}/dir`]: { "user.dir": "01", "user.gone": "01" },
      [`${first}/dir/file`]: { "user.a": "00ff0a3d80" },
      [`${first}/ping`]: {
        "security.capability": "0100000200200000000000000000000000000000",
      },
    });
    await run("cp", "-a", first, second);
    await run(
      ...["python3", "-c", "import os, sys; os.removexattr(*sys.argv[1:])"],
      ...[`${second}/dir`, "user.gone"],
    );
    await setXattrs({ [`${second}/dir/file`]: { "user.b": "02" } });
    const layout = new Layout(`${work.path}/layout`);
    await layout.write([first, second], "gzip", "keep");
    await layout.apply(`${work.path}/ours`);
    const image = `${layout.path}:v1`;
    const bundle = `${work.path}/bundle`;
    await run("umoci", "unpack", "--image", image, bundle);
    const xattrsIn = async (root: string) =>
      Object.values(await getXattrs(...names.map((name) => `${root}/${name}`)));
    const expected = await xattrsIn(second);
    assertEquals(await xattrsIn(`${bundle}/rootfs`), expected);
    assertEquals(await xattrsIn(`${work.path}/ours`), expected);
    // And what umoci makes of a change.
    await setXattrs({ [`${bundle}/rootfs/bare`]: { "user.c": "03" } });
    await run("umoci", "repack", "--image", image, bundle);
    await layout.apply(`${work.path}/again`);
    assertEquals(
      await xattrsIn(`${work.path}/again`),
      await xattrsIn(`${bundle}/rootfs`),
    );
  },
});

Deno.test({
  name: "skopeo copies and converts images of our layers",
  ignore: !found("skopeo"),
  async fn(t) {
    for (const compression of ["gzip", "none", "zstd"] as const) {
      await t.step(compression, async () => {
        await using work = await temporaryDirectory();
        const trees = await makeTrees(work.path, 301);
        const layout = new Layout(`${work.path}/layout`);
        await layout.write(trees, compression);
        const copied = new Layout(`${work.path}/copied`);
        // A new compression makes skopeo read every layer and check its DiffID.
        await run(
          "skopeo",
          "copy",
          "--insecure-policy",
          ...compression === "gzip"
            ? []
            : ["--dest-compress", "--dest-compress-format=gzip"],
          `oci:${layout.path}:v1`,
          `oci:${copied.path}:v1`,
        );
        await copied.apply(`${work.path}/ours`);
        await layout.apply(`${work.path}/direct`);
        assertEquals(
          describe(`${work.path}/ours`),
          describe(`${work.path}/direct`),
        );
      });
    }
  },
});

/** A tree with all that tar tools write in their own ways. */
async function makeOddTree(tree: string): Promise<void> {
  const long = `${"long-".repeat(30)}name`;
  await mkdir(`${tree}/deep/${long}/${long}`, { recursive: true });
  await writeFile(`${tree}/deep/${long}/${long}/file`, "deep");
  await writeFile(`${tree}/ünï-\u{1f600}`, "name");
  await writeFile(`${tree}/program`, "#!/bin/sh\n");
  await chmod(`${tree}/program`, 0o4755);
  await writeFile(`${tree}/large`, new Uint8Array(3_000_001).fill(9));
  await writeFile(`${tree}/empty`, "");
  await link(`${tree}/program`, `${tree}/deep/linked`);
  await symlink(`../${long}/${long}`, `${tree}/deep/symlink`);
  await symlink("/etc/passwd", `${tree}/absolute`);
  settle(tree, random(1));
}

const ARCHIVERS: [string, string, string[]][] = [
  ...["gnu", "pax", "posix", "oldgnu"].map((
    format,
  ): [string, string, string[]] => [
    `GNU tar, ${format}`,
    "tar",
    [`--format=${format}`, "-cf"],
  ]),
  ["bsdtar, pax", "bsdtar", ["--format=pax", "-cf"]],
  ["bsdtar, restricted pax", "bsdtar", ["--format=paxr", "-cf"]],
  ["bsdtar, GNU", "bsdtar", ["--format=gnutar", "-cf"]],
  ["GNU tar, zstd", "tar", ["--zstd", "-cf"]],
  ["GNU tar, gzip", "tar", ["--gzip", "-cf"]],
];

for (const [what, program, args] of ARCHIVERS) {
  const needs = args.includes("--zstd") ? ["zstd", program] : [program];
  Deno.test({
    name: `applyLayers() agrees with ${what}`,
    ignore: !needs.map(found).every(Boolean),
    async fn() {
      await using work = await temporaryDirectory();
      const { path } = work;
      await mkdir(`${path}/tree`);
      await makeOddTree(`${path}/tree`);
      await run(program, ...args, `${path}/layer`, "-C", `${path}/tree`, ".");
      await applyLayers([{ open: open(`${path}/layer`) }], `${path}/ours`, {
        owners: Deno.uid() === 0 ? "keep" : "ignore",
      });
      await mkdir(`${path}/theirs`);
      await run(program, "-xpf", `${path}/layer`, "-C", `${path}/theirs`);
      const ours = describe(`${path}/ours`);
      assertEquals(ours, describe(`${path}/theirs`));
      assert(ours.some((line) => line.startsWith("program 4755")));
    },
  });
}

for (const program of ["tar", "bsdtar"]) {
  Deno.test({
    name: `${program} reads what packLayer() makes`,
    ignore: !found(program),
    async fn() {
      await using work = await temporaryDirectory();
      const { path } = work;
      await mkdir(`${path}/tree`);
      await makeOddTree(`${path}/tree`);
      await packLayerToFile(`${path}/tree`, `${path}/layer`, {
        owners: "keep",
        compression: "gzip",
      });
      await mkdir(`${path}/theirs`);
      await run(program, "-xpf", `${path}/layer`, "-C", `${path}/theirs`);
      assertEquals(describe(`${path}/theirs`), describe(`${path}/tree`));
    },
  });
}

Deno.test({
  name:
    "extractDirectory() agrees with GNU tar, links that stay inside included",
  ignore: !found("tar"),
  async fn() {
    await using work = await temporaryDirectory();
    const { path } = work;
    await mkdir(`${path}/tree`);
    await makeOddTree(`${path}/tree`);
    await Deno.remove(`${path}/tree/absolute`);
    await chmod(`${path}/tree/program`, 0o755);
    await run("tar", "-cf", `${path}/layer`, "-C", `${path}/tree`, ".");
    await extractDirectory(await open(`${path}/layer`)(), `${path}/ours`);
    assertEquals(describe(`${path}/ours`), describe(`${path}/tree`));
    assertEquals((await lstat(`${path}/ours/program`)).nlink, 2);
  },
});
