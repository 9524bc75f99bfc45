import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";

const CHART = "application/vnd.example.chart+gzip";

async function filled(
  handler?: (request: Request) => Response | Promise<Response>,
): Promise<Sandbox> {
  const box = await openSandbox(handler);
  await box.write("a.md", "one");
  await box.write("b.txt", "two");
  await box.write("docs/c.md", "three");
  await box.write("dist/d.js", "four");
  await box.ok(
    ...["push", `${box.host}/app:v1`, "a.md", "b.txt:text/plain"],
    ...["docs/c.md", "dist"],
  );
  return box;
}

Deno.test("pull --include pulls files by their names", async () => {
  await using box = await filled();
  const name = `${box.host}/app:v1`;
  const pulled = async (...flags: string[]): Promise<string[]> => {
    const outdir = crypto.randomUUID();
    const line = ["pull", name, "-o", outdir, "--format=json"];
    const { files } = JSON.parse(await box.ok(...line, ...flags));
    const prefix = `${box.folder}/${outdir}/`;
    return files.map(({ path }: { path: string }) => path.slice(prefix.length));
  };
  assertEquals(await pulled("--include", "*.md"), ["a.md"]);
  assertEquals(await pulled("--include=**.md"), ["a.md", "docs/c.md"]);
  assertEquals(
    await pulled("--include", "{a.md,b.txt}", "--include", "dist"),
    ["a.md", "b.txt", "dist/"],
  );
  assertEquals(await pulled("--media-type", "text/plain"), ["b.txt"]);
  assertEquals(
    await pulled("--media-type", "text/plain", "--config", "c.json"),
    ["b.txt", "c.json"],
  );
});

Deno.test("pull --include says where nothing has such a name, or the pattern is none", async () => {
  await using box = await filled();
  const name = `${box.host}/app:v1`;
  const none = await box.gantry(["pull", name, "--include", "*.exe"]);
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, "no file has a name that matches");
  const wrong = await box.gantry(["pull", name, "--include", "[a"]);
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, 'Cannot read pattern "[a"');
});

Deno.test("pull --to-stdout and --to-file give the one file that is selected", async () => {
  await using box = await filled();
  const name = `${box.host}/app:v1`;
  assertEquals(
    await box.ok("pull", name, "--include", "docs/*", "--to-stdout"),
    "three",
  );
  assertEquals(
    await box.ok("pull", name, "--include", "b.txt", "--to-file", "-"),
    "two",
  );
  assertEquals(await box.exists("-"), false);
  const told = await box.gantry(
    ["pull", name, "--include=b.txt", "--to-file=-", "--format=json"],
  );
  assertStringIncludes(told.stderr, "cannot be used at the same time");
  const out = await box.ok(
    ...["pull", name, "--include=b.txt", "--to-file", "new/name"],
  );
  assertStringIncludes(out, `Pulled [registry] ${name}\nDigest: sha256:`);
  assertEquals(await box.read("new/name"), "two");
  const kept = await box.gantry(
    ["pull", name, "--include=a.md", "--to-file", "new/name", "-k"],
  );
  assertEquals(kept.code, 1);
  assertEquals(await box.read("new/name"), "two");
  const json = JSON.parse(
    await box.ok(
      ...["pull", name, "--include=a.md", "--to-file=x", "--format=json"],
    ),
  );
  assertEquals(json.files[0].path, `${box.folder}/x`);

  const several = await box.gantry(["pull", name, "--to-stdout"]);
  assertEquals([several.code, several.stdout], [1, ""]);
  assertStringIncludes(several.stderr, "4 files are selected, not one");
  assertStringIncludes(several.stderr, "a.md, b.txt, docs/c.md, dist");
  const none = await box.gantry(
    ["pull", name, "--to-stdout", "--include=nope"],
  );
  assertEquals([none.code, none.stdout], [1, ""]);
  const both = await box.gantry(["pull", name, "--to-stdout", "-o", "x"]);
  assertStringIncludes(both.stderr, "cannot be used at the same time");
});

Deno.test("pull --media-type finds what has no name for --to-file", async () => {
  await using box = await filled();
  const name = `${box.host}/chart`;
  const blob = async (content: string, mediaType: string) => {
    await box.write("blob", content);
    const json = await box.ok(
      ...["blob", "push", "--descriptor", "--media-type", mediaType],
      ...[name, "blob"],
    );
    return JSON.parse(json);
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: await blob("{}", "application/vnd.example.config"),
    layers: [await blob("chart", CHART), await blob("prov", "a/prov")],
  };
  await box.write("manifest.json", JSON.stringify(manifest));
  await box.ok("manifest", "push", `${name}:1`, "manifest.json");
  await box.ok(
    ...["pull", `${name}:1`, "--media-type", CHART, "--to-file", "chart.tgz"],
  );
  assertEquals(await box.read("chart.tgz"), "chart");
});

Deno.test("pull --to-stdout fails where what has passed was wrong", async () => {
  const registry = createRegistry();
  let lies = false;
  await using box = await filled(async (request) => {
    const response = await registry.fetch(request);
    if (!lies || !request.url.includes("/blobs/")) return response;
    await response.body?.cancel();
    return new Response("ONE", response);
  });
  lies = true;
  const { code, stderr } = await box.gantry(
    ["pull", `${box.host}/app:v1`, "--include=a.md", "--to-stdout"],
  );
  assertEquals(code, 1);
  assertStringIncludes(stderr, "digest");
});

Deno.test("--chunk-size uploads in parts, with push, cp and blob push", async () => {
  const registry = createRegistry();
  const sizes: number[] = [];
  await using box = await openSandbox((request) => {
    if (request.method === "PATCH") {
      sizes.push(Number(request.headers.get("content-length")));
    }
    return registry.fetch(request);
  });
  const name = `${box.host}/app`;
  await box.write("big", "x".repeat(5000));
  const push = ["push", `${name}:v1`, "big"];
  await box.ok(...push, "--chunk-size=2KiB");
  assertEquals(sizes.splice(0).slice(0, 2), [2048, 2048]);
  await box.ok("cp", `${name}:v1`, "--to-oci-layout", "lay:v1");
  await box.ok(
    ...["cp", "--from-oci-layout", "lay:v1", `${box.host}/other:v1`],
    ...["--chunk-size", "4000"],
  );
  assertEquals(sizes.splice(0)[0], 4000);
  await box.ok("blob", "push", `${name}2`, "big", "--chunk-size", "1k");
  assert(sizes.length >= 4);
  assertEquals(sizes[0], 1024);
  for (const size of ["0", "x", "1e3", "-1"]) {
    const { code, stderr } = await box.gantry([
      ...push,
      `--chunk-size=${size}`,
    ]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "expecting a size such as");
  }
});
