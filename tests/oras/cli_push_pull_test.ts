import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { openSandbox } from "../_support/cli_sandbox.ts";

const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const EMPTY = "44136fa355b3 application/vnd.oci.empty.v1+json";

Deno.test("push prints a line per step, and pull brings the files back", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("site/index.html", "<p>");
  await box.write("site/img/a.bin", new Uint8Array(3000).fill(7));
  const target = `${box.host}/team/app:v1`;
  const pushed = (await box.ok("push", target, "hi.txt", "site/")).split("\n");
  assertEquals(pushed.slice(0, 2), ["Preparing hi.txt", "Preparing site"]);
  for (const line of ["98ea6e4f216f hi.txt", EMPTY]) {
    assert(pushed.includes(`Uploading ${line}`));
    assert(pushed.includes(`Uploaded  ${line}`));
  }
  const digest = /^Digest: (sha256:[0-9a-f]{64})$/.exec(pushed.at(-2)!)![1]!;
  const short = digest.slice(7, 19);
  assertEquals(pushed.slice(-6), [
    `Uploading ${short} ${MANIFEST_TYPE}`,
    `Uploaded  ${short} ${MANIFEST_TYPE}`,
    `Pushed [registry] ${target}`,
    "ArtifactType: application/vnd.unknown.artifact.v1",
    `Digest: ${digest}`,
    "",
  ]);

  const pulled = (await box.ok("pull", target, "-o", "out")).split("\n");
  assertEquals(pulled.slice(0, 2), [
    `Downloading ${short} ${MANIFEST_TYPE}`,
    `Processing  ${short} ${MANIFEST_TYPE}`,
  ]);
  assert(pulled.includes("Downloading 98ea6e4f216f hi.txt"));
  assert(pulled.includes("Downloaded  98ea6e4f216f hi.txt"));
  assertEquals(pulled.slice(-4), [
    `Downloaded  ${short} ${MANIFEST_TYPE}`,
    `Pulled [registry] ${target}`,
    `Digest: ${digest}`,
    "",
  ]);
  assertEquals(await box.read("out/hi.txt"), "hi\n");
  assertEquals(await box.read("out/site/index.html"), "<p>");
  assertEquals(await box.read("out/site/img/a.bin"), "\x07".repeat(3000));
});

Deno.test("push --format json describes the manifest, with sorted tags or null", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  const env = { SOURCE_DATE_EPOCH: "1700000000" };
  const { stdout } = await box.gantry(
    ["push", `${box.host}/a:b,c,a`, "hi.txt", "--format=json", "-a", "k=<v>"],
    { env },
  );
  const result = JSON.parse(stdout);
  assertEquals(
    stdout,
    `${
      JSON.stringify(
        {
          reference: `${box.host}/a@${result.digest}`,
          mediaType: MANIFEST_TYPE,
          digest: result.digest,
          size: result.size,
          annotations: {
            k: "<v>",
            "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
          },
          artifactType: "application/vnd.unknown.artifact.v1",
          referenceAsTags: ["a", "b", "c"].map((tag) => `${box.host}/a:${tag}`),
        },
        null,
        2,
      ).replace("<v>", "\\u003cv\\u003e")
    }\n`,
  );
  const untagged = JSON.parse(
    await box.ok("push", `${box.host}/a`, "hi.txt", "--format", "json"),
  );
  assertEquals(untagged.referenceAsTags, null);
  assertEquals(
    (await box.ok("repo", "tags", `${box.host}/a`)).trim().split("\n"),
    ["a", "b", "c"],
  );
});

Deno.test("push takes config, types, annotations and platform from its flags", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("config.json", "{}");
  await box.write(
    "notes.json",
    JSON.stringify({ $manifest: { a: "1" }, "hi.txt": { b: "2" } }),
  );
  const fetch = async (tag: string) =>
    JSON.parse(await box.ok("manifest", "fetch", `${box.host}/f:${tag}`));
  await box.ok(
    "push",
    `${box.host}/f:1`,
    "hi.txt:text/plain",
    "--config=config.json:application/x.config",
    "--artifact-type=application/x.artifact",
    "--annotation-file=notes.json",
    "-a=z=y",
    "--export-manifest=out.json",
  );
  const manifest = await fetch("1");
  assertEquals(JSON.parse(await box.read("out.json")), manifest);
  assertEquals(manifest.artifactType, "application/x.artifact");
  assertEquals(manifest.config.mediaType, "application/x.config");
  assertEquals(manifest.layers, [{
    mediaType: "text/plain",
    digest: HI,
    size: 3,
    annotations: { b: "2", "org.opencontainers.image.title": "hi.txt" },
  }]);
  assertEquals([manifest.annotations.a, manifest.annotations.z], ["1", "y"]);

  const v10 = await box.ok(
    ...["push", `${box.host}/f:2`, "hi.txt", "--image-spec=v1.0"],
  );
  assertStringIncludes(
    v10,
    "ArtifactType: application/vnd.unknown.config.v1+json\n",
  );
  assertEquals((await fetch("2")).artifactType, undefined);

  const empty = await box.ok(
    ...["push", `${box.host}/f:3`, "--artifact-platform=linux/arm64"],
  );
  assertStringIncludes(empty, "Uploading empty artifact\n");
  const config = (await fetch("3")).config;
  assertEquals(config.mediaType, "application/vnd.oci.image.config.v1+json");
  assertEquals(
    JSON.parse(
      await box.ok(
        ...["blob", "fetch", `${box.host}/f@${config.digest}`, "-o", "-"],
      ),
    ),
    { architecture: "arm64", os: "linux" },
  );
});

Deno.test("push says what was there already, and --verbose=false hides what has no name", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.ok("push", `${box.host}/a:1`, "hi.txt");
  const again = await box.ok("push", `${box.host}/a:2`, "hi.txt", "-a", "k=v");
  assertStringIncludes(again, "Exists    98ea6e4f216f hi.txt\n");
  assertStringIncludes(again, `Exists    ${EMPTY}\n`);
  const quiet = await box.ok(
    ...["push", `${box.host}/a:3`, "hi.txt", "-a", "k=w", "--verbose=false"],
  );
  assertStringIncludes(quiet, "Exists    98ea6e4f216f hi.txt\n");
  assert(!quiet.includes("application/vnd.oci.empty.v1+json"));
});

Deno.test("pull --format json lists absolute paths, with a separator after directories", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("d/x", "x");
  await box.ok("push", `${box.host}/a:1`, "hi.txt:text/plain", "d");
  const stdout = await box.ok(
    ...["pull", `${box.host}/a:1`, "-o", "out", "--format", "json"],
  );
  const { files, reference } = JSON.parse(stdout);
  assert(reference.startsWith(`${box.host}/a@sha256:`));
  assertEquals(files[0], {
    path: join(box.folder, "out", "hi.txt"),
    reference: `${box.host}/a@${HI}`,
    mediaType: "text/plain",
    digest: HI,
    size: 3,
    annotations: { "org.opencontainers.image.title": "hi.txt" },
  });
  assertEquals(Object.keys(files[0]), [
    ...["path", "reference", "mediaType", "digest", "size", "annotations"],
  ]);
  assertEquals(files[1].path, join(box.folder, "out", "d") + "/");

  await box.ok("push", `${box.host}/a:none`);
  const none = await box.ok("pull", `${box.host}/a:none`, "--format=json");
  assertEquals(JSON.parse(none).files, null);
});

Deno.test("pull tells of layers without a name, saves the config, and keeps old files when told", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("c.json", "[]");
  await box.ok("push", `${box.host}/a:1`, "hi.txt", "--config=c.json:x/y");
  const skipped = await box.ok("pull", `${box.host}/a:1`, "-o", "one");
  assertStringIncludes(skipped, "Skipped     4f53cda18c2b x/y\n");
  assertStringIncludes(
    skipped,
    'Skipped pulling layers without file name in "org.opencontainers.image.title"\n',
  );
  assert(!skipped.includes("Digest:"));

  const whole = await box.ok(
    ...["pull", `${box.host}/a:1`, "-o", "two", "--config", "conf.json:x/y"],
  );
  assertStringIncludes(whole, "Digest: ");
  assertEquals(await box.read("two/conf.json"), "[]");

  await box.write("two/hi.txt", "mine");
  const kept = await box.gantry(["pull", `${box.host}/a:1`, "-o", "two", "-k"]);
  assertEquals(kept.code, 1);
  assertStringIncludes(kept.stderr, "hi.txt");
  assertEquals(await box.read("two/hi.txt"), "mine");
  await box.ok("pull", `${box.host}/a:1`, "-o", "two");
  assertEquals(await box.read("two/hi.txt"), "hi\n");
});

Deno.test("push tells what it did before an export that fails", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  const target = `${box.host}/team/app:v1`;
  const { code, stderr, stdout } = await box.gantry(
    ["push", target, "hi.txt", "--export-manifest=none/out.json"],
  );
  assertEquals({ code, stderr }, {
    code: 1,
    stderr: "Error: Cannot write none/out.json: no such file or directory\n",
  });
  assertStringIncludes(stdout, `Pushed [registry] ${target}\n`);
  await box.ok("resolve", target);
});
