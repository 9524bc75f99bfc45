import { assert, assertEquals, assertRejects } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import { LayerError, readTar } from "@gantry/oci/image/layer";
import {
  extractDirectory,
  packDirectory,
  packDirectoryToFile,
  packLayerToFile,
  tarDirectory,
} from "@gantry/oci/image/layer/node";
import { spawnSync } from "node:child_process";
import process from "node:process";
import {
  chmod,
  link,
  lutimes,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { found } from "../../_support/programs.ts";
import { temporaryDirectory, tree } from "./_directories.ts";

/** A tree with one of each thing that a layer can hold. */
async function makeTree(path: string): Promise<void> {
  await mkdir(`${path}/sub/empty`, { recursive: true });
  await mkdir(`${path}/${"d".repeat(90)}/${"e".repeat(90)}`, {
    recursive: true,
  });
  await mkdir(`${path}/${"z".repeat(160)}`);
  await writeFile(`${path}/a.txt`, "hello");
  await writeFile(`${path}/A.txt`, "");
  await writeFile(`${path}/block`, "x".repeat(512));
  await writeFile(`${path}/large`, "0123456789".repeat(150_000));
  await writeFile(`${path}/${"n".repeat(120)}`, "long");
  await writeFile(`${path}/${"d".repeat(90)}/${"e".repeat(90)}/f`, "deep");
  await writeFile(`${path}/${"z".repeat(160)}/f`, "wide");
  await writeFile(`${path}/ünïcödé`, "foreign");
  await writeFile(`${path}/sub/run`, "#!/bin/sh\n");
  // What every umask lets through.
  await chmod(`${path}/sub/run`, 0o700);
  await symlink("../a.txt", `${path}/sub/link`);
  await symlink("l".repeat(120), `${path}/sub/far`);
  await link(`${path}/a.txt`, `${path}/hard`);
  await setTimes(path);
}

/** Gives every file and directory a time of its own, half a second included. */
async function setTimes(path: string): Promise<void> {
  let time = 1_600_000_000.5;
  async function walk(folder: string): Promise<void> {
    const children = await readdir(folder, { withFileTypes: true });
    for (const child of children.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const place = `${folder}/${child.name}`;
      if (child.isDirectory()) await walk(place);
      // The links' own times count, too.
      await lutimes(place, time, time++);
    }
  }
  await walk(path);
  await utimes(path, time, time);
}

async function toBytes(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await new Response(ReadableStream.from(pieces)).arrayBuffer(),
  );
}

for (const compression of ["gzip", "none", "zstd"] as const) {
  Deno.test(`packDirectory() and extractDirectory() give back the tree, with ${compression}`, async () => {
    await using work = await temporaryDirectory();
    await makeTree(`${work.path}/in`);
    const { stream, result } = packDirectory(`${work.path}/in`, {
      prefix: "in",
      compression,
    });
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const layer = await result;
    assertEquals(layer.size, bytes.byteLength);
    assertEquals(layer.digest, String(await Digest.fromBytes(bytes)));
    await extractDirectory(new Blob([bytes]).stream(), `${work.path}/out`, {
      prefix: "in",
      diffId: layer.diffId,
    });
    assertEquals(
      await tree(`${work.path}/out/in`),
      await tree(`${work.path}/in`),
    );
    const run = await stat(`${work.path}/out/in/sub/run`);
    assertEquals(run.mode & 0o777, 0o700);
    // Half a second is rounded up.
    const original = await stat(`${work.path}/in/sub/run`);
    assertEquals(run.mtimeMs, original.mtimeMs + 500);
    const sub = await stat(`${work.path}/out/in/sub`);
    assertEquals(sub.mtimeMs % 1000, 0);
    assert(sub.mtimeMs < 1_700_000_000_000);
  });
}

Deno.test("packDirectoryToFile() writes what it says", async () => {
  await using work = await temporaryDirectory();
  await makeTree(`${work.path}/in`);
  const file = `${work.path}/layer`;
  const seen: number[] = [];
  const layer = await packDirectoryToFile(`${work.path}/in`, file, {
    onProgress: (bytes) => seen.push(bytes),
  });
  const bytes = new Uint8Array(await readFile(file));
  assertEquals(layer.mediaType, "application/vnd.oci.image.layer.v1.tar+gzip");
  assertEquals(layer.size, bytes.byteLength);
  assertEquals(layer.digest, String(await Digest.fromBytes(bytes)));
  const tar = new Uint8Array(gunzipSync(bytes));
  assertEquals(layer.diffId, String(await Digest.fromBytes(tar)));
  assertEquals(seen.at(-1), tar.byteLength);
});

Deno.test("packDirectory() gives the same bytes of the same tree", async () => {
  await using work = await temporaryDirectory();
  const digests = new Set<string>();
  for (const copy of ["one", "two"]) {
    await makeTree(`${work.path}/${copy}`);
    const { stream, result } = packDirectory(`${work.path}/${copy}`, {
      prefix: "in",
    });
    // However slowly it is read.
    for await (const _ of stream) await new Promise((done) => setTimeout(done));
    digests.add((await result).digest);
  }
  assertEquals(digests.size, 1);
});

Deno.test("packDirectory() writes a gzip header without time and system", async () => {
  await using work = await temporaryDirectory();
  const { stream } = packDirectory(work.path);
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  assertEquals([...bytes.subarray(0, 10)], [31, 139, 8, 0, 0, 0, 0, 0, 0, 255]);
});

Deno.test("tarDirectory() names, sorts and normalises as the oras tools do", async () => {
  await using work = await temporaryDirectory();
  await makeTree(work.path);
  const headers = [];
  const tar = tarDirectory(work.path, { prefix: "a/b/" });
  for await (const { header } of readTar(tar)) headers.push(header);
  const names = headers.map(({ name }) => name);
  assertEquals(names.slice(0, 4), [
    "a/b",
    "a/b/A.txt",
    "a/b/a.txt",
    "a/b/block",
  ]);
  assertEquals(names.at(-1), "a/b/ünïcödé");
  for (const header of headers) {
    assertEquals(
      [header.uid, header.gid, header.uname, header.gname],
      [0, 0, "", ""],
    );
    assert(!header.name.endsWith("/"));
  }
  const hard = headers.find(({ name }) => name === "a/b/hard");
  assertEquals([hard?.type, hard?.size], ["file", 5]);
});

Deno.test("tarDirectory() ends with two blocks of zeros", async () => {
  await using work = await temporaryDirectory();
  const bytes = await toBytes(tarDirectory(work.path));
  assertEquals(bytes.byteLength, 512 + 1024);
  assert(bytes.subarray(512).every((byte) => byte === 0));
});

Deno.test("tarDirectory() fixes or clamps times", async () => {
  await using work = await temporaryDirectory();
  await writeFile(`${work.path}/x`, "");
  await utimes(`${work.path}/x`, 1000, 1000);
  await utimes(work.path, 3000, 3000);
  const cases = [
    ["keep", [3000, 1000]],
    [new Date(0), [0, 0]],
    [{ clampTo: new Date(2_000_999) }, [2000, 1000]],
  ] as const;
  for (const [mtime, expected] of cases) {
    const times: number[] = [];
    for await (
      const { header } of readTar(tarDirectory(work.path, { mtime }))
    ) {
      times.push(header.mtime.getTime() / 1000);
    }
    assertEquals(times, [...expected]);
  }
});

Deno.test({
  name: "tarDirectory() refuses a pipe",
  ignore: !found("mkfifo"),
  fn: async () => {
    await using work = await temporaryDirectory();
    run("mkfifo", [`${work.path}/pipe`]);
    await assertRejects(
      () => toBytes(tarDirectory(work.path)),
      LayerError,
      "pipe: expected a file, a directory or a symbolic link",
    );
  },
});

Deno.test("tarDirectory() refuses what a layer cannot hold", async (t) => {
  await t.step("a file in the place of the directory", async () => {
    await using work = await temporaryDirectory();
    await writeFile(`${work.path}/x`, "");
    await assertRejects(
      () => toBytes(tarDirectory(`${work.path}/x`)),
      LayerError,
      "expected a directory",
    );
  });
  await t.step("a file that grows", async () => {
    await using work = await temporaryDirectory();
    await writeFile(`${work.path}/x`, new Uint8Array(3 * 1024 * 1024));
    const pieces = tarDirectory(work.path);
    await pieces.next();
    await writeFile(`${work.path}/x`, "more", { flag: "a" });
    await assertRejects(
      async () => {
        while (!(await pieces.next()).done);
      },
      LayerError,
      "expected its size to stay",
    );
  });
  await t.step("a prefix that leads out", async () => {
    await using work = await temporaryDirectory();
    for (const prefix of ["../x", "/x", "a/../.."]) {
      await assertRejects(
        () => toBytes(tarDirectory(work.path, { prefix })),
        TypeError,
      );
    }
  });
});

Deno.test("packDirectoryToFile() replaces a file only by a whole one", async () => {
  await using work = await temporaryDirectory();
  const file = `${work.path}/layer`;
  await writeFile(file, "the last one");
  await assertRejects(() => packDirectoryToFile(`${work.path}/missing`, file));
  assertEquals(await readFile(file, "utf8"), "the last one");
  await mkdir(`${work.path}/in`);
  const { size } = await packDirectoryToFile(`${work.path}/in`, file);
  assertEquals((await stat(file)).size, size);
  assertEquals((await readdir(work.path)).sort(), ["in", "layer"]);
});

Deno.test("packing leaves out the file that it writes, where that is in the directory", async () => {
  await using work = await temporaryDirectory();
  await mkdir(`${work.path}/in/sub`, { recursive: true });
  await writeFile(`${work.path}/in/a`, "a");
  await symlink("in/sub", `${work.path}/link`);
  const options = { compression: "none", mtime: new Date(0) } as const;
  for (const pack of [packDirectoryToFile, packLayerToFile]) {
    const apart = `${work.path}/apart.tar`;
    const { digest } = await pack(`${work.path}/in`, apart, options);
    for (const place of ["in/layer.tar", "in/sub/b", "link/b"]) {
      const file = `${work.path}/${place}`;
      for (let round = 0; round < 2; round++) {
        const packed = await pack(`${work.path}/in`, file, options);
        assertEquals(packed.digest, digest);
      }
      await rm(file);
    }
  }
});

Deno.test({
  name: "packDirectoryToFile() puts no file in the place of what is none",
  ignore: !found("mkfifo"),
  fn: async () => {
    await using work = await temporaryDirectory();
    await mkdir(`${work.path}/in`);
    await mkdir(`${work.path}/directory`);
    run("mkfifo", [`${work.path}/pipe`]);
    for (const name of ["directory", "pipe"]) {
      await assertRejects(
        () => packDirectoryToFile(`${work.path}/in`, `${work.path}/${name}`),
        LayerError,
        `${name}: expected a file in its place, or nothing`,
      );
    }
    const names = (await readdir(work.path)).sort();
    assertEquals(names, ["directory", "in", "pipe"]);
  },
});

Deno.test("packDirectoryToFile() leaves no file behind when it fails", async (t) => {
  await t.step("on a missing directory", async () => {
    await using work = await temporaryDirectory();
    await assertRejects(() =>
      packDirectoryToFile(`${work.path}/missing`, `${work.path}/layer`)
    );
    assertEquals(await tree(work.path), {});
  });
  await t.step("on an abort, whose reason comes out", async () => {
    await using work = await temporaryDirectory();
    await mkdir(`${work.path}/in`);
    await writeFile(`${work.path}/in/x`, new Uint8Array(8 * 1024 * 1024));
    const reason = new Error("enough");
    const controller = new AbortController();
    const error = await assertRejects(() =>
      packDirectoryToFile(`${work.path}/in`, `${work.path}/layer`, {
        signal: controller.signal,
        onProgress: () => controller.abort(reason),
      })
    );
    assert(error === reason);
    assertEquals(await readdir(work.path), ["in"]);
  });
});

Deno.test("packDirectory() ends when its stream is cancelled", async () => {
  await using work = await temporaryDirectory();
  await writeFile(`${work.path}/x`, new Uint8Array(8 * 1024 * 1024));
  const { stream, result } = packDirectory(work.path);
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  const error = await assertRejects(() => result, DOMException);
  assertEquals(error.name, "AbortError");
});

for (const program of ["tar", "bsdtar"]) {
  Deno.test({
    name: `layers and ${program} agree both ways`,
    ignore: !found(program),
    fn: async () => {
      await using work = await temporaryDirectory();
      const { path } = work;
      await makeTree(`${path}/in`);
      for (const folder of ["theirs", "ours"]) await mkdir(`${path}/${folder}`);
      await packDirectoryToFile(`${path}/in`, `${path}/ours.tgz`, {
        prefix: "in",
      });
      run(program, ["-xzf", `${path}/ours.tgz`, "-C", `${path}/theirs`]);
      assertEquals(await tree(`${path}/theirs/in`), await tree(`${path}/in`));

      const formats = program === "tar"
        ? ["gnu", "pax", "ustar", "v7"]
        : ["pax", "gnutar"];
      for (const format of formats) {
        if (format === "ustar" || format === "v7") {
          // These have no room for the longer names.
          run("sh", ["-c", `rm -rf "$0"/in/[dnz]* "$0"/in/sub/far`, path]);
        }
        run(program, [
          `--format=${format}`,
          "-czf",
          `${path}/theirs.tgz`,
          "-C",
          path,
          "in",
        ]);
        const packed = new Uint8Array(await readFile(`${path}/theirs.tgz`));
        await extractDirectory(
          new Blob([packed]).stream(),
          `${path}/ours/${format}`,
          { prefix: "in" },
        );
        assertEquals(
          await tree(`${path}/ours/${format}/in`),
          await tree(`${path}/in`),
          format,
        );
      }
    },
  });
}

Deno.test({
  name: "tarDirectory() gives the bytes that oras gives",
  ignore: !found("oras"),
  fn: async () => {
    await using work = await temporaryDirectory();
    const { path } = work;
    await makeTree(`${path}/in`);
    run("oras", ["push", "--oci-layout", `${path}/layout:v1`, "in"], path);
    const { diffId } = await packDirectoryToFile(
      `${path}/in`,
      `${path}/ours.tgz`,
      { prefix: "in" },
    );
    const { manifests: [entry] } = JSON.parse(
      await readFile(`${path}/layout/index.json`, "utf8"),
    );
    const manifest = JSON.parse(
      await readFile(
        `${path}/layout/blobs/${entry.digest.replace(":", "/")}`,
        "utf8",
      ),
    );
    assertEquals(
      diffId,
      manifest.layers[0].annotations["io.deis.oras.content.digest"],
    );
  },
});

function run(program: string, args: readonly string[], cwd?: string): void {
  const { status, stderr, error } = spawnSync(program, [...args], {
    encoding: "utf8",
    // Without a locale bsdtar writes no name that is not ASCII.
    env: { ...process.env, LC_ALL: "C.UTF-8" },
    ...cwd !== undefined && { cwd },
  });
  if (error) throw error;
  assertEquals(status, 0, `${program} ${args.join(" ")}: ${stderr}`);
}
