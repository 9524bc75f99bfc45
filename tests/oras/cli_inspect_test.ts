import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { inspectManifest } from "../../oras/commands/_inspection.ts";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

const CONFIG = {
  created: "2024-01-02T03:04:05Z",
  author: "me\u001b[31m\nDigest: forged",
  architecture: "arm64",
  os: "linux",
  config: {
    User: "app",
    Env: ["SECRET=hunter2", "A=b"],
    Entrypoint: ["/bin/app"],
    Cmd: ["--help"],
    WorkingDir: "/srv",
    Labels: { z: "last", a: "first" },
  },
  rootfs: { type: "layers", diff_ids: [`sha256:${"a".repeat(64)}`] },
  history: [{ created_by: "COPY" }, { empty_layer: true }],
};

/** Pushes an image of one layer under a tag; gives its digest. */
async function pushImage(box: Sandbox, name: string): Promise<string> {
  await box.write("layer.tar", "layer");
  await box.write("config.json", JSON.stringify(CONFIG));
  await box.ok(
    ...["push", name, "layer.tar", "--image-spec", "v1.0", "-a", CREATED],
    ...["--config", "config.json:application/vnd.oci.image.config.v1+json"],
  );
  return (await box.ok("resolve", name)).trim();
}

Deno.test("inspect tells what an image is, and forges no line of its page", async () => {
  await using box = await openSandbox();
  const name = `${box.host}/app`;
  const digest = await pushImage(box, `${name}:v1`);
  await box.ok("tag", `${name}:v1`, "stable");
  await box.ok("attach", `${name}:v1`, "--artifact-type", "a/b", "-a", "k=v");
  const page = await box.ok("inspect", "--tags", `${name}:v1`);
  const lines = page.split("\n");
  for (
    const line of [
      `Reference:  ${name}:v1`,
      "Kind:       image",
      `Digest:     ${digest}`,
      "Tags:       stable, v1",
      "  Platform:    linux/arm64",
      "  Author:      me?[31m?Digest: forged",
      '  Entrypoint:  ["/bin/app"]',
      "  Env:         2 variables",
      "  History:     2 steps",
      "  a: first",
      "  a/b: 1",
    ]
  ) {
    assertEquals(lines.includes(line), true, `${line}\nin\n${page}`);
  }
  assertStringIncludes(
    page,
    "  5 B  application/vnd.oci.image.layer.v1.tar  layer.tar",
  );
  assertEquals(page.includes("hunter2"), false);
});

Deno.test("inspect prints JSON whose keys have an order", async () => {
  await using box = await openSandbox();
  const name = `${box.host}/app`;
  const digest = await pushImage(box, `${name}:v1`);
  const json = await box.ok("inspect", `${name}:v1`, "--format", "json");
  const value = JSON.parse(json);
  assertEquals(Object.keys(value), [
    ...["reference", "kind", "mediaType", "digest", "size", "totalSize"],
    ...["config", "layers", "annotations", "referrers"],
  ]);
  assertEquals(value.reference, `${name}@${digest}`);
  assertEquals(value.config.labels, { a: "first", z: "last" });
  assertEquals(value.config.envCount, 2);
  assertEquals(
    value.totalSize,
    value.size + value.config.size + value.layers[0].size,
  );
});

Deno.test("inspect tells artifacts from indexes, also in a layout", async () => {
  await using box = await openSandbox();
  const name = `${box.host}/app`;
  await box.write("hi.txt", "hi");
  await box.ok("push", `${name}:art`, "hi.txt", "--artifact-type", "t/t");
  const artifact = (await box.ok("resolve", `${name}:art`)).trim();
  const page = await box.ok("inspect", `${name}:art`);
  assertStringIncludes(page, "Kind:          artifact\n");
  assertStringIncludes(page, "Artifact type: t/t\n");

  const entry = JSON.parse(
    await box.ok("manifest", "fetch", "--descriptor", `${name}:art`),
  );
  const platform = { os: "linux", architecture: "amd64" };
  await box.write(
    "index.json",
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{ ...entry, platform }],
    }),
  );
  await box.ok("manifest", "push", `${name}:idx`, "index.json");
  await box.ok("cp", `${name}:idx`, "--to-oci-layout", "lay:idx");
  for (const line of [[`${name}:idx`], ["--oci-layout", "lay:idx"]]) {
    const page = await box.ok("inspect", ...line);
    assertStringIncludes(page, "Kind:       index\n");
    assertStringIncludes(page, `  ${artifact}  `);
    assertStringIncludes(page, "  linux/amd64\n");
  }
  const chosen = JSON.parse(
    await box.ok(
      ...["inspect", `${name}:idx`, "--platform", "linux/amd64"],
      "--format=json",
    ),
  );
  assertEquals(chosen.digest, artifact);
});

Deno.test("inspect sends three requests for an image, and goes on without referrers", async () => {
  const registry = createRegistry();
  const paths: string[] = [];
  await using box = await openSandbox((request) => {
    const { pathname } = new URL(request.url);
    paths.push(pathname);
    return pathname.includes("/referrers/")
      ? new Response(null, { status: 403 })
      : registry.fetch(request);
  });
  const name = `${box.host}/app`;
  await pushImage(box, `${name}:v1`);
  paths.length = 0;
  const { code, stderr, stdout } = await box.gantry(["inspect", `${name}:v1`]);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "Referrers: not known\n");
  assertStringIncludes(stderr, "WARNING! Cannot list referrers");
  assertEquals(
    paths.map((path) => path.split("/")[3]),
    ["manifests", "blobs", "referrers"],
  );
});

Deno.test("inspect fails where there is no such reference", async () => {
  await using box = await openSandbox();
  const { code, stderr } = await box.gantry(["inspect", `${box.host}/app:no`]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "not found");
});

Deno.test("inspectManifest() lists the layers of schema 1 from the lowest, and knows what it does not know", async () => {
  const descriptor = {
    mediaType: "application/vnd.docker.distribution.manifest.v1+prettyjws",
    digest: `sha256:${"1".repeat(64)}`,
    size: 10,
  };
  const common = {
    store: { fetch: () => Promise.reject(new Error("no need to")) },
    name: "host/app",
    descriptor,
    signal: new AbortController().signal,
  };
  const inspection = await inspectManifest({
    ...common,
    value: { fsLayers: [{ blobSum: "sha256:top" }, { blobSum: "sha256:low" }] },
  });
  assertEquals(inspection.kind, "schema 1");
  assertEquals(inspection.layers, [
    { digest: "sha256:low" },
    { digest: "sha256:top" },
  ]);
  const unknown = await inspectManifest({ ...common, value: { a: 1 } });
  assertEquals(unknown.kind, "unknown");
});
