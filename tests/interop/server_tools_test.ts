import { createRegistry, htpasswd } from "@gantry/oci/distribution/server";
import {
  directoryStorage,
  type RunningServer,
  serve,
} from "@gantry/oci/distribution/server/node";
import { assert, assertEquals } from "@std/assert";
import { hash } from "bcryptjs";
import { found } from "../_support/programs.ts";

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly success: boolean;
}

/** A registry over a directory, a folder for the tools, and a way to run them there. */
interface Bench {
  readonly root: string;
  readonly work: string;
  readonly server: RunningServer;
  readonly host: string;
  /** Runs a program, and fails the test where the program fails. */
  run(program: string, ...args: string[]): Promise<string>;
  /** Runs a program that may fail. */
  attempt(program: string, ...args: string[]): Promise<Run>;
}

async function withBench(
  options: Parameters<typeof createRegistry>[0],
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const root = `${folder}/root`;
  const work = `${folder}/work`;
  await Deno.mkdir(root);
  await Deno.mkdir(work);
  const attempt = async (program: string, ...args: string[]) => {
    const { stdout, stderr, success } = await new Deno.Command(program, {
      args,
      cwd: work,
      // Nobody's own settings and credentials are used.
      env: { HOME: work, XDG_RUNTIME_DIR: work, DOCKER_CONFIG: work },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { stdout: text(stdout), stderr: text(stderr), success };
  };
  try {
    const storage = directoryStorage(root);
    await using server = await serve(createRegistry({ storage, ...options }));
    await body({
      root,
      work,
      server,
      host: `127.0.0.1:${server.port}`,
      attempt,
      async run(program, ...args) {
        const { success, stdout, stderr } = await attempt(program, ...args);
        assert(success, `${program} ${args.join(" ")}\n${stdout}${stderr}`);
        return stdout;
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Makes a small image with a layer in the layout `work/made`. */
async function makeImage({ run, work }: Bench): Promise<void> {
  await run("umoci", "init", "--layout", "made");
  await run("umoci", "new", "--image", "made:v1");
  await Deno.writeTextFile(`${work}/hello.txt`, "hello from a layer\n");
  await run(
    "umoci",
    ...[
      "insert",
      "--rootless",
      "--image",
      "made:v1",
      "hello.txt",
      "/hello.txt",
    ],
  );
}

const SKOPEO = ["--insecure-policy"];
const layouts = !found("skopeo") || !found("umoci");

Deno.test({
  name: "createRegistry() takes from skopeo, and skopeo reads the directory",
  ignore: layouts,
  fn: () =>
    withBench({}, async (bench) => {
      const { run, root, host } = bench;
      await makeImage(bench);
      await run(
        "skopeo",
        ...SKOPEO,
        ...["copy", "--dest-tls-verify=false", "oci:made:v1"],
        `docker://${host}/team/app:v1`,
      );
      const digest = (source: string, ...more: string[]) =>
        run("skopeo", "inspect", "--format", "{{.Digest}}", ...more, source);
      const pushed = await digest("oci:made:v1");
      assertEquals(await digest(`oci:${root}/team/app:v1`), pushed);
      const remote = `docker://${host}/team/app:v1`;
      assertEquals(await digest(remote, "--tls-verify=false"), pushed);

      await run(
        "skopeo",
        ...SKOPEO,
        ...["copy", "--src-tls-verify=false", remote, "oci:pulled:v1"],
      );
      assertEquals(await digest("oci:pulled:v1"), pushed);
      const tags = await run(
        "skopeo",
        ...["list-tags", "--tls-verify=false", `docker://${host}/team/app`],
      );
      assertEquals(JSON.parse(tags).Tags, ["v1"]);

      // A second repository: skopeo mounts what the registry has.
      await run(
        "skopeo",
        ...SKOPEO,
        ...["copy", "--src-tls-verify=false", "--dest-tls-verify=false"],
        ...[remote, `docker://${host}/team/copy:v2`],
      );
      assertEquals(await digest(`oci:${root}/team/copy:v2`), pushed);
      await run("skopeo", "delete", "--tls-verify=false", remote);
      const gone = await bench.attempt(
        "skopeo",
        ...["inspect", "--tls-verify=false", remote],
      );
      assert(!gone.success);
    }),
});

Deno.test({
  name: "directoryStorage() serves layouts that umoci and skopeo write",
  ignore: layouts,
  fn: () =>
    withBench({}, async (bench) => {
      const { run, root, work, host } = bench;
      await makeImage(bench);
      await Deno.mkdir(`${root}/by`);
      await run(
        "skopeo",
        ...SKOPEO,
        "copy",
        "oci:made:v1",
        `oci:${root}/by/skopeo:a`,
      );
      await run("umoci", "init", "--layout", `${root}/by/umoci`);
      await run("umoci", "new", "--image", `${root}/by/umoci:b`);
      for (const name of ["by/skopeo:a", "by/umoci:b"]) {
        await run(
          "skopeo",
          ...SKOPEO,
          ...["copy", "--src-tls-verify=false", `docker://${host}/${name}`],
          `dir:${work}/${name.replaceAll("/", "_")}`,
        );
      }
      // And the other way: umoci unpacks what was pushed.
      await run(
        "skopeo",
        ...SKOPEO,
        ...["copy", "--dest-tls-verify=false", "oci:made:v1"],
        `docker://${host}/pushed:v1`,
      );
      await run(
        "umoci",
        ...["unpack", "--rootless", "--image", `${root}/pushed:v1`, "bundle"],
      );
      assertEquals(
        await Deno.readTextFile(`${work}/bundle/rootfs/hello.txt`),
        "hello from a layer\n",
      );
      await run("umoci", "gc", "--layout", `${root}/pushed`);
      await run(
        "skopeo",
        ...["inspect", "--tls-verify=false", `docker://${host}/pushed:v1`],
      );
    }),
});

Deno.test({
  name:
    "createRegistry({ authenticate }) lets skopeo in with the right password",
  ignore: layouts,
  async fn() {
    const authenticate = htpasswd(`alice:${await hash("secret", 4)}`);
    await withBench({ authenticate }, async (bench) => {
      await makeImage(bench);
      const copy = (credentials: string) =>
        bench.attempt(
          "skopeo",
          ...SKOPEO,
          ...["copy", "--dest-tls-verify=false", "--dest-creds", credentials],
          ...["oci:made:v1", `docker://${bench.host}/app:v1`],
        );
      const refused = await copy("alice:wrong");
      assert(!refused.success);
      const { success, stderr } = await copy("alice:secret");
      assert(success, stderr);
    });
  },
});

Deno.test({
  name: "createRegistry() works with oras, which reads the directory too",
  ignore: !found("oras"),
  fn: () =>
    withBench({}, async ({ run, root, work, host }) => {
      await Deno.writeTextFile(`${work}/a.txt`, "first\n");
      await Deno.mkdir(`${work}/folder`);
      await Deno.writeTextFile(`${work}/folder/b.txt`, "second\n");
      const reference = `${host}/team/files:v1`;
      await run(
        "oras",
        ...["push", "--plain-http", "--artifact-type", "text/x", reference],
        ...["a.txt:text/plain", "folder"],
      );
      await run("oras", "pull", "--plain-http", "-o", "out", reference);
      assertEquals(await Deno.readTextFile(`${work}/out/a.txt`), "first\n");
      assertEquals(
        await Deno.readTextFile(`${work}/out/folder/b.txt`),
        "second\n",
      );
      await run(
        "oras",
        ...["attach", "--plain-http", "--artifact-type", "text/sbom"],
        ...[reference, "a.txt"],
      );
      const remote = await run(
        "oras",
        ...["discover", "--plain-http", "--format", "json", reference],
      );
      const { referrers, manifests } = JSON.parse(remote);
      const [referrer] = referrers ?? manifests;
      assertEquals(referrer.artifactType, "text/sbom");

      await run("oras", "tag", "--plain-http", reference, "v2", "v3");
      assertEquals(
        await run("oras", "repo", "tags", "--plain-http", `${host}/team/files`),
        "v1\nv2\nv3\n",
      );
      assertEquals(
        await run("oras", "repo", "ls", "--plain-http", host),
        "team/files\n",
      );
      const layout = `${root}/team/files`;
      await run(
        "oras",
        ...["pull", "--oci-layout", "-o", "local", `${layout}:v3`],
      );
      assertEquals(await Deno.readTextFile(`${work}/local/a.txt`), "first\n");
      // Recursively, with what refers to it, into a layout that is served at once.
      await run(
        "oras",
        ...["cp", "-r", "--from-plain-http", "--to-oci-layout", reference],
        `${root}/copied:v1`,
      );
      const copied = await run(
        "oras",
        ...[
          "discover",
          "--plain-http",
          "--format",
          "json",
          `${host}/copied:v1`,
        ],
      );
      const found = JSON.parse(copied);
      assertEquals(
        (found.referrers ?? found.manifests)[0].digest,
        referrer.digest,
      );
      await run(
        "oras",
        ...["manifest", "delete", "--plain-http", "--force", reference],
      );
      assertEquals(
        await run("oras", "repo", "tags", "--plain-http", `${host}/team/files`),
        "",
      );
    }),
});

Deno.test({
  name: "createRegistry() works with crane",
  ignore: !found("crane"),
  fn: () =>
    withBench({}, async ({ run, root, work, host }) => {
      await Deno.writeTextFile(`${work}/file`, "content");
      await run("tar", "-cf", "layer.tar", "file");
      const reference = `${host}/crane/app:v1`;
      await run(
        "crane",
        ...["append", "--insecure", "-f", "layer.tar", "-t", reference],
      );
      await run(
        "crane",
        "copy",
        "--insecure",
        reference,
        `${host}/crane/two:v1`,
      );
      const digest = await run("crane", "digest", "--insecure", reference);
      assertEquals(
        await run("crane", "digest", "--insecure", `${host}/crane/two:v1`),
        digest,
      );
      await run("crane", "validate", "--insecure", "--remote", reference);
      await run(
        "crane",
        ...[
          "pull",
          "--insecure",
          "--format",
          "oci",
          reference,
          `${root}/pulled`,
        ],
      );
      assertEquals(
        await run("crane", "catalog", "--insecure", host),
        "crane/app\ncrane/two\npulled\n",
      );
      await run(
        "crane",
        ...["manifest", "--insecure", `${host}/pulled@${digest.trim()}`],
      );
    }),
});
