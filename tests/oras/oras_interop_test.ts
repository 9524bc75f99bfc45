import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { createRegistry } from "@gantry/oci/distribution/server";
import { Registry } from "@gantry/oci/oras";
import { compareTrees } from "../_support/compare_trees.ts";
import { found } from "../_support/programs.ts";
import { manifestOf } from "./_fixture.ts";

const ignore = !found("oras");
const CREATED = "org.opencontainers.image.created=2024-02-29T12:00:00Z";

/** A registry on loopback, a folder of files, and the oras command. */
async function setting(): Promise<
  AsyncDisposable & {
    readonly folder: string;
    readonly host: string;
    readonly registry: Registry;
    readonly oras: (cwd: string, ...args: string[]) => Promise<string>;
  }
> {
  const handler = createRegistry();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => handler.fetch(request),
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const folder = await Deno.makeTempDir();
  const tree = join(folder, "in");
  await Deno.mkdir(join(tree, "dir/sub/empty"), { recursive: true });
  await Deno.writeTextFile(join(tree, "a.txt"), "a");
  await Deno.writeTextFile(join(tree, "same as a.txt"), "a");
  await Deno.writeTextFile(join(tree, "dir/x"), "x".repeat(100_000));
  await Deno.writeTextFile(join(tree, "dir/sub/ü"), "u");
  await Deno.writeTextFile(join(tree, "dir/run"), "#!/bin/sh\n");
  await Deno.chmod(join(tree, "dir/run"), 0o755);
  await Deno.symlink("x", join(tree, "dir/link"));
  const registry = new Registry({ hostname: host, plainHttp: true });
  return {
    folder,
    host,
    registry,
    async oras(cwd, command, ...args) {
      const { success, stdout, stderr } = await new Deno.Command("oras", {
        args: [command!, "--plain-http", "--no-tty", ...args],
        cwd: join(folder, cwd),
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    },
    async [Symbol.asyncDispose]() {
      registry.close();
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const FILES = ["a.txt", "same as a.txt:text/plain", "dir"];
const NAMES = ["a.txt", "same as a.txt", "dir"];

Deno.test({
  name: "pull() brings back what the oras command pushed",
  ignore,
  async fn() {
    await using setup = await setting();
    const { folder, host, oras, registry } = setup;
    await oras("in", "push", `${host}/team/app:v1`, ...FILES);
    await registry.pull("team/app:v1", { outdir: join(folder, "out") });
    assertEquals(
      await compareTrees(join(folder, "in"), join(folder, "out"), NAMES),
      [],
    );
  },
});

Deno.test({
  name: "push() makes what the oras command pulls",
  ignore,
  async fn() {
    await using setup = await setting();
    const { folder, host, oras, registry } = setup;
    const root = join(folder, "in");
    await registry.push("team/app:v1", { root, files: FILES });
    await oras(".", "pull", "-o", "out", `${host}/team/app:v1`);
    assertEquals(await compareTrees(root, join(folder, "out"), NAMES), []);
  },
});

Deno.test({
  name:
    "push() makes the manifest that the oras command makes of the same files",
  ignore,
  async fn() {
    await using setup = await setting();
    const { folder, host, oras, registry } = setup;
    const files = FILES.slice(0, 2);
    const [key, created] = CREATED.split("=");
    const { manifest } = await registry.push("team/app:ours", {
      root: join(folder, "in"),
      files,
      artifactType: "application/vnd.example",
      annotations: { [key!]: created!, b: "<&>", a: "" },
    });
    await oras(
      "in",
      "push",
      `${host}/team/app:theirs`,
      ...["--artifact-type", "application/vnd.example"],
      ...["-a", CREATED, "-a", "b=<&>", "-a", "a="],
      ...files,
    );
    const theirs = await registry.getManifest("team/app:theirs");
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals(text(manifest.bytes), text(theirs.bytes));
  },
});

Deno.test({
  name: "push() packs the tar that the oras command packs",
  ignore,
  async fn() {
    await using setup = await setting();
    const { folder, host, oras, registry } = setup;
    await registry.push("team/app:ours", {
      root: join(folder, "in"),
      files: ["dir"],
    });
    await oras("in", "push", `${host}/team/app:theirs`, "dir");
    const [ours, theirs] = await Promise.all(
      ["ours", "theirs"].map(async (tag) => {
        const manifest = await registry.getManifest(`team/app:${tag}`);
        const [layer] = manifestOf(manifest).layers;
        return layer!.annotations!["io.deis.oras.content.digest"];
      }),
    );
    assert(ours !== undefined);
    assertEquals(ours, theirs);
  },
});
