import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import type { Command } from "../../oras/commands/_command.ts";
import { PROGRAM } from "../../oras/commands/table.ts";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

Deno.test("--retry says how often a request is repeated", async () => {
  let count = 0;
  await using box = await openSandbox(() => {
    count++;
    return new Response(null, { status: 503 });
  });
  const resolve = async (...flags: string[]): Promise<number> => {
    count = 0;
    const { code, stderr } = await box.gantry(
      ["resolve", `${box.host}/app:v1`, ...flags],
    );
    assertEquals(code, 1);
    assertStringIncludes(stderr, "503");
    return count;
  };
  assertEquals(await resolve("--retry", "0"), 1);
  assertEquals(await resolve("--retry=2"), 3);
  const wrong = await box.gantry(["resolve", "a/b:c", "--retry=-1"]);
  assertStringIncludes(wrong.stderr, "expecting a number from 0");
});

Deno.test("--stall-timeout gives up on a registry that says nothing", async () => {
  const { promise: end, resolve: stop } = Promise.withResolvers<void>();
  await using box = await openSandbox(async () => {
    await end;
    return new Response();
  });
  try {
    const line = ["resolve", `${box.host}/app:v1`, "--retry=0"];
    const { code, stderr } = await box.gantry([
      ...line,
      "--stall-timeout=200ms",
    ]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "gave no sign of life for 0.2 s");
    for (const value of ["0s", "5", "x"]) {
      for (const name of ["timeout", "stall-timeout"]) {
        const wrong = await box.gantry([...line, `--${name}=${value}`]);
        assertEquals(wrong.code, 1);
        assertStringIncludes(wrong.stderr, "expecting");
      }
    }
  } finally {
    stop();
  }
});

Deno.test("--distribution-spec chooses where referrers are kept, and looked for", async () => {
  const registry = createRegistry();
  let paths: string[] = [];
  await using box = await openSandbox((request) => {
    const { pathname } = new URL(request.url);
    paths.push(pathname.split("/")[3]!);
    return registry.fetch(request);
  });
  const name = `${box.host}/app`;
  await box.ok("push", `${name}:v1`, "-a", "k=v");
  const digest = (await box.ok("resolve", `${name}:v1`)).trim();
  const attach = ["attach", `${name}:v1`, "--artifact-type=a/b", "-a"];
  await box.ok(...attach, "n=1");
  assertEquals(await box.ok("repo", "tags", name), "v1\n");
  await box.ok(...attach, "n=2", "--distribution-spec=v1.1-referrers-tag");
  const tag = digest.replace(":", "-");
  assertEquals(await box.ok("repo", "tags", name), `${tag}\nv1\n`);

  const spec = "--distribution-spec";
  const count = async (value: string): Promise<number> => {
    paths = [];
    const json = await box.ok(
      ...["discover", `${name}:v1`, spec, value, "--depth=1", "--format=json"],
    );
    return JSON.parse(json).referrers.length;
  };
  assertEquals(await count("v1.1-referrers-api"), 2);
  assert(paths.includes("referrers"));
  assertEquals(await count("v1.1-referrers-tag"), 1);
  assert(!paths.includes("referrers"));

  await box.ok(
    ...["cp", "-r", `${name}:v1`, `${box.host}/other:v1`],
    ...["--to-distribution-spec", "v1.1-referrers-tag"],
  );
  assertEquals(
    await box.ok("repo", "tags", `${box.host}/other`),
    `${tag}\nv1\n`,
  );
});

Deno.test({
  name: "--distribution-spec refuses other values as oras does",
  ignore: !found("oras"),
  async fn() {
    await using box = await openSandbox();
    const line = ["discover", "--distribution-spec", "x", "localhost:1/a:b"];
    const ours = await box.gantry(line);
    const theirs = await box.oras(line);
    assertEquals(ours.stderr, theirs.stderr);
    assertEquals(ours.code, theirs.code);
  },
});

Deno.test("ORAS_CACHE keeps what is read, and content of it is not asked for again", async () => {
  const registry = createRegistry();
  let requests: string[] = [];
  await using box = await openSandbox((request) => {
    const { pathname } = new URL(request.url);
    requests.push(`${request.method} ${pathname.split("/")[3]}`);
    return registry.fetch(request);
  });
  await box.write("a", "one");
  const name = `${box.host}/app`;
  await box.ok("push", `${name}:v1`, "a", "--config", "a:t/config");
  const env = { ORAS_CACHE: `${box.folder}/cache` };
  const run = async (...line: string[]): Promise<string> => {
    requests = [];
    const { code, stderr, stdout } = await box.gantry(line, { env });
    assertEquals(code, 0, stderr);
    return stdout;
  };
  const pull = ["pull", `${name}:v1`, "-o", "out"];
  await run(...pull);
  assertEquals(requests, ["GET manifests", "GET blobs"]);
  await Deno.remove(`${box.folder}/out`, { recursive: true });
  await run(...pull);
  assertEquals(requests, ["GET manifests"]);
  assertEquals(await box.read("out/a"), "one");

  const digest = (await box.ok("resolve", `${name}:v1`)).trim();
  const manifest = await run("manifest", "fetch", `${name}@${digest}`);
  assertEquals(requests, []);
  assertEquals(manifest, await box.ok("manifest", "fetch", `${name}:v1`));
  const config = await run("manifest", "fetch-config", `${name}:v1`);
  assertEquals([config, requests], ["one", ["GET manifests"]]);
  const layer = JSON.parse(manifest).layers[0].digest;
  const blob = await run("blob", "fetch", "-o", "-", `${name}@${layer}`);
  assertEquals([blob, requests], ["one", []]);
  // The cache is an image layout that lists nothing, and oras can use it as well.
  assertEquals(JSON.parse(await box.read("cache/index.json")).manifests, []);
});

Deno.test("ORAS_CACHE keeps no content that is wrong", async () => {
  const registry = createRegistry();
  let lies = false;
  await using box = await openSandbox(async (request) => {
    const response = await registry.fetch(request);
    if (!lies || !request.url.includes("/blobs/")) return response;
    await response.body?.cancel();
    return new Response("ONE", response);
  });
  await box.write("a", "one");
  const name = `${box.host}/app:v1`;
  await box.ok("push", name, "a");
  lies = true;
  const env = { ORAS_CACHE: `${box.folder}/cache` };
  const pull = ["pull", name, "-o", "out"];
  const { code } = await box.gantry(pull, { env });
  assertEquals(code, 1);
  lies = false;
  const again = await box.gantry(pull, { env });
  assertEquals(again.code, 0, again.stderr);
  assertEquals(await box.read("out/a"), "one");
});

Deno.test("--mirror reads from another registry first, and from the registry itself where that has nothing", async () => {
  await using mirror = await openSandbox();
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await mirror.write("hi.txt", "from the mirror\n");
  await box.ok("push", `${box.host}/app:v1`, "hi.txt");
  await box.ok("push", `${box.host}/own:v1`, "hi.txt");
  await mirror.ok("push", `${mirror.host}/hub/app:v1`, "hi.txt");
  const flag = `--mirror=${box.host}=${mirror.host}/hub`;
  await box.ok("pull", `${box.host}/app:v1`, "-o", "a", flag);
  assertEquals(await box.read("a/hi.txt"), "from the mirror\n");
  await box.ok("pull", `${box.host}/own:v1`, "-o", "b", flag);
  assertEquals(await box.read("b/hi.txt"), "hi\n");
  const other = `--mirror=other.example=${mirror.host}/hub`;
  await box.ok("pull", `${box.host}/app:v1`, "-o", "c", other);
  assertEquals(await box.read("c/hi.txt"), "hi\n");
  const wrong = await box.gantry(
    ["pull", `${box.host}/app:v1`, "--mirror", "nonsense"],
  );
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, "expecting host=mirror[/prefix]");
});

Deno.test("--mirror answers each command that reads manifests, where the registry itself is gone", async () => {
  await using mirror = await openSandbox();
  await mirror.write("hi.txt", "from the mirror\n");
  await mirror.ok("push", `${mirror.host}/hub/app:v1`, "hi.txt");
  const digest = await mirror.ok("resolve", `${mirror.host}/hub/app:v1`);
  const name = "localhost:1/app:v1";
  const flags = [`--mirror=localhost:1=${mirror.host}/hub`, "--retry=0"];
  for (
    const line of [
      ["resolve", name, ...flags],
      ["manifest", "fetch", "--descriptor", name, ...flags],
      ["manifest", "fetch", name, "--format=json", ...flags],
      ["manifest", "fetch-config", name, ...flags],
      ["pull", name, "-o", "out", ...flags],
      ["cp", name, "--to-oci-layout", "lay:v1", "--retry=0"].concat(
        `--from-mirror=localhost:1=${mirror.host}/hub`,
      ),
    ]
  ) {
    const { code, stderr, stdout } = await mirror.gantry(line);
    assertEquals([code, stderr], [0, ""], line.join(" "));
    if (line[0] !== "manifest") assertStringIncludes(stdout, digest.trim());
  }
});

Deno.test("--mirror is offered where something is read from it, and nowhere else", () => {
  const offers = (command: Command): string[] => [
    ...(command.flags ?? []).some(({ name }) => /mirror$/.test(name))
      ? [command.name]
      : [],
    ...(command.commands ?? []).flatMap((child) =>
      offers(child).map((name) => `${command.name} ${name}`)
    ),
  ];
  assertEquals(offers(PROGRAM).sort(), [
    "gantry backup",
    "gantry blob cp",
    "gantry blob fetch",
    "gantry cp",
    "gantry inspect",
    "gantry manifest fetch",
    "gantry manifest fetch-config",
    "gantry pull",
    "gantry resolve",
    "gantry sync",
  ]);
});
