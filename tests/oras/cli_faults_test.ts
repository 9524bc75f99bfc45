import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packTar } from "modern-tar";
import { Digest } from "@gantry/oci/digest";
import {
  fromHandler,
  RegistryClient,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";

const SECRET = "s3cr3t-pass";

interface Layer {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly annotations: Record<string, string>;
}

const encode = (text: string) => new TextEncoder().encode(text);
const digestOf = async (content: Uint8Array<ArrayBuffer>) =>
  String(
    await Digest.fromBytes(content),
  );

/** Puts an artifact of these layers into a registry, as `a:1`. */
async function plant(
  fetch: (request: Request) => Promise<Response>,
  layers: readonly Layer[],
): Promise<void> {
  const { blobs, manifests } = new RegistryClient("localhost", {
    transport: fromHandler(fetch),
  }).repository("a");
  const put = async (content: Uint8Array<ArrayBuffer>, mediaType: string) => {
    const digest = await digestOf(content);
    const descriptor = { mediaType, digest, size: content.length };
    await blobs.push(descriptor, toSource(content));
    return descriptor;
  };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: await put(encode("{}"), "application/vnd.oci.empty.v1+json"),
    layers: await Promise.all(layers.map(async ({ annotations, content }) => ({
      ...await put(content, "application/vnd.oci.image.layer.v1.tar"),
      annotations,
    }))),
  };
  await manifests.put("1", encode(JSON.stringify(manifest)), { mediaType });
}

const titled = (title: string): Layer => ({
  content: encode("hi\n"),
  annotations: { "org.opencontainers.image.title": title },
});

/** Runs a command that must fail: exit code 1, these words on stderr, no secret anywhere. */
async function fails(
  box: Sandbox,
  args: readonly string[],
  words: string,
): Promise<void> {
  const { code, stderr, stdout } = await box.gantry(args);
  assertEquals(code, 1, `gantry ${args.join(" ")}: ${stdout}${stderr}`);
  assertStringIncludes(stderr, words);
  assert(!`${stdout}${stderr}`.includes(SECRET));
  assert(!`${stdout}${stderr}`.includes(btoa(`me:${SECRET}`)));
  assert(!/\n {4}at /.test(stderr), stderr);
}

async function assertNothingIn(box: Sandbox, folder: string): Promise<void> {
  if (!await box.exists(folder)) return;
  const names = await Array.fromAsync(Deno.readDir(join(box.folder, folder)));
  assertEquals(names.map(({ name }) => name), []);
}

Deno.test("an unreachable registry is told with host and reason", async () => {
  await using box = await openSandbox();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await fails(box, ["pull", "nohost.invalid/a:1"], "nohost.invalid");
  await fails(
    box,
    ["resolve", `localhost:${port}/a:1`],
    `Error: Cannot HEAD http://localhost:${port}/v2/a/manifests/1: `,
  );
  await fails(
    box,
    ["resolve", `${box.host}/a:1`, "--plain-http=false"],
    "Use --plain-http",
  );
  await fails(
    box,
    ["resolve", `${box.host.replace("localhost", "127.0.0.1")}/a:1`],
    "https://127.0.0.1:",
  );
});

Deno.test("a registry that lets nobody in is told, and no secret is", async () => {
  const { fetch } = createRegistry({
    authenticate: (name, password) =>
      name === "me" && password === SECRET ? { name } : undefined,
  });
  await using box = await openSandbox(fetch);
  await box.write("hi.txt", "hi\n");
  const target = `${box.host}/a:1`;
  const hint = `Log in with "gantry login ${box.host}"`;
  await fails(box, ["pull", target], hint);
  await fails(box, ["push", target, "hi.txt"], hint);
  await fails(
    box,
    ["push", target, "hi.txt", "-u=me", "-p", `x${SECRET}`, "-d"].slice(0, -1),
    "Error response from registry: ",
  );
  await box.ok("push", target, "hi.txt", "-u", "me", "-p", SECRET);
  const { code, stderr } = await box.gantry(
    ["pull", target, "-u", "me", "--password-stdin", "--debug"],
    { stdin: `${SECRET}\r\n` },
  );
  assertEquals(code, 0);
  assertStringIncludes(stderr, '"authorization": "*****"');
  assert(!stderr.includes(btoa(`me:${SECRET}`)));
});

Deno.test("refusals of the registry are told in its words", async () => {
  await using box = await openSandbox((request) =>
    new URL(request.url).pathname.includes("/tags/")
      ? new Response("no", { status: 500 })
      : Response.json({
        errors: [{
          code: "DENIED",
          message: "not for you",
          detail: { b: [1, 2], a: "x" },
        }],
      }, { status: 403 })
  );
  await fails(
    box,
    ["repo", "ls", box.host],
    "Error response from registry: denied: not for you: map[a:x b:[1 2]]\n",
  );
  await box.write("hi.txt", "hi\n");
  await fails(
    box,
    ["push", `${box.host}/a:1`, "hi.txt"],
    "403: Forbidden\n",
  );
});

Deno.test("what is not there is told with its reference", async () => {
  await using box = await openSandbox();
  for (const command of ["pull", "resolve", "manifest fetch"]) {
    await fails(
      box,
      [...command.split(" "), `${box.host}/a/b:1`],
      `Error response from registry: ${box.host}/a/b:1: not found\n`,
    );
  }
  const blob = `${box.host}/a@sha256:${"0".repeat(64)}`;
  await fails(box, ["blob", "fetch", blob, "-o", "x"], `${blob}: not found\n`);
  await fails(box, ["tag", `${box.host}/a:1`, "2"], "not found");
  await fails(box, ["repo", "tags", `${box.host}/a`], "name unknown: ");
  assert(!await box.exists("x"));
});

Deno.test("malformed arguments are told before anything is sent", async () => {
  let requests = 0;
  await using box = await openSandbox(() => {
    requests++;
    return new Response(null, { status: 500 });
  });
  const { host } = box;
  await box.write("hi.txt", "hi\n");
  const cases: readonly [string[], string][] = [
    [["pull", `${host}/A:1`], 'Error: invalid reference "'],
    [["pull", `${host}/a:-1`], "Error: invalid reference"],
    [["pull", `${host}/a@sha256:abc`], "Error: invalid reference"],
    [["resolve", `http://${host}/a:1`], "Leave out the scheme"],
    [["resolve", `${host}/a`], "no tag or digest specified\nUsage: gantry res"],
    [["push", `${host}/a:1,b@d`, "hi.txt"], "Error: invalid reference"],
    [["push", host, "hi.txt"], "the repository is missing\nPlease make sure"],
    [["resolve", "ghcr.io"], "the repository is missing"],
    [["repo", "tags", host], "the repository is missing"],
    [["tag", `${host}/a:1`, "b:c"], "Error: invalid reference"],
    [["tag", `${host}/a:1`], "no new tag given"],
    [["tag", "ls", "x"], 'use "gantry repo tags"'],
    [["login", `${host}/a`], "Error: invalid reference"],
    [["push", `${host}/a:1`, "-a", "x"], '--annotation "key=value"'],
    [
      ["push", `${host}/a:1`, "-a=x=1", "-a=x=2"],
      "duplicate annotation key: x",
    ],
    [["push", `${host}/a:1`, "hi.txt", "nofile"], "nofile: no such file"],
    [["push", `${host}/a:1`, "hi.txt", "hi.txt"], "hi.txt"],
    [["push", `${host}/a:1`, "/etc/hostname"], "--disable-path-validation"],
    [["pull", `${host}/a:1`, "--platform=a b"], "Cannot parse platform"],
  ];
  for (const [args, words] of cases) await fails(box, args, words);
  assertEquals(requests, 0);
});

Deno.test("pull leaves nothing of content that is not what it should be", async () => {
  for (const bad of ["ho\n", "h", "hi\nmore"]) {
    const { fetch } = createRegistry();
    const { content } = titled("x");
    await plant(fetch, [titled("hi.txt")]);
    const path = `/v2/a/blobs/${await digestOf(content)}`;
    await using box = await openSandbox((request) =>
      new URL(request.url).pathname === path && request.method === "GET"
        ? new Response(bad)
        : fetch(request)
    );
    await fails(box, ["pull", `${box.host}/a:1`, "-o", "out"], "Error: ");
    await assertNothingIn(box, "out");
  }
});

Deno.test("a manifest without end, or of more than 4 MiB, is refused", async () => {
  const chunk = new Uint8Array(1 << 20).fill(32);
  for (const count of [5, Infinity]) {
    await using box = await openSandbox(() => {
      let sent = 0;
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (sent++ >= count) controller.close();
            else controller.enqueue(chunk);
          },
        }),
        {
          headers: {
            "content-type": "application/vnd.oci.image.manifest.v1+json",
          },
        },
      );
    });
    await fails(box, ["manifest", "fetch", `${box.host}/a:1`], "Error: ");
    await fails(box, ["pull", `${box.host}/a:1`, "-o", "out"], "Error: ");
    await assertNothingIn(box, "out");
  }
});

Deno.test("pull writes nowhere but below its output directory", async () => {
  for (const title of ["/tmp/gantry-absolute", "../up.txt", "a/../../up.txt"]) {
    const { fetch } = createRegistry();
    await plant(fetch, [titled(title)]);
    await using box = await openSandbox(fetch);
    await fails(box, ["pull", `${box.host}/a:1`, "-o", "out"], title);
    await assertNothingIn(box, "out");
    assert(!await box.exists("up.txt"));
  }
  const { fetch } = createRegistry();
  await plant(fetch, [titled("link/up.txt")]);
  await using box = await openSandbox(fetch);
  await box.write("elsewhere/keep", "");
  await Deno.mkdir(join(box.folder, "out"));
  await Deno.symlink("../elsewhere", join(box.folder, "out", "link"));
  await fails(box, ["pull", `${box.host}/a:1`, "-o", "out"], "link/up.txt");
  assert(!await box.exists("elsewhere/up.txt"));
});

Deno.test("pull unpacks no archive that leads out of its directory", async () => {
  const tar = await packTar([
    { header: { name: "d/ok", size: 1 }, body: "1" },
    { header: { name: "d/../../up.txt", size: 1 }, body: "1" },
  ]) as Uint8Array<ArrayBuffer>;
  const content = new Uint8Array(
    await new Response(
      new Blob([tar]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer(),
  );
  const { fetch } = createRegistry();
  await plant(fetch, [{
    content,
    annotations: {
      "org.opencontainers.image.title": "d",
      "io.deis.oras.content.digest": await digestOf(tar),
      "io.deis.oras.content.unpack": "true",
    },
  }]);
  await using box = await openSandbox(fetch);
  await fails(box, ["pull", `${box.host}/a:1`, "-o", "out"], "up.txt");
  assert(!await box.exists("up.txt"));
  assert(!await box.exists("out/d"));
});

Deno.test("Ctrl-C ends a pull with exit code 1 and leaves nothing behind", async () => {
  const { fetch } = createRegistry();
  const { content } = titled("x");
  await plant(fetch, [titled("big.bin")]);
  const path = `/v2/a/blobs/${await digestOf(content)}`;
  let isRead = () => {};
  const reading = new Promise<void>((resolve) => isRead = resolve);
  await using box = await openSandbox((request) =>
    new URL(request.url).pathname === path && request.method === "GET"
      ? new Response(
        new ReadableStream({
          pull(controller) {
            controller.enqueue(content.subarray(0, 1));
            isRead();
            return new Promise(() => {});
          },
        }, { highWaterMark: 0 }),
      )
      : fetch(request)
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        "-q",
        "-A",
        fileURLToPath(new URL("../../cli.ts", import.meta.url)),
      ],
      ...["pull", `${box.host}/a:1`, "-o", "out"],
    ],
    cwd: box.folder,
    env: { DOCKER_CONFIG: box.folder },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await reading;
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "Error: interrupted\n");
  assertEquals(code, 1);
  await assertNothingIn(box, "out");
});
