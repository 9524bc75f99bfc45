import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  InvalidReferenceError,
  NotFoundError,
  Reference,
} from "@gantry/oci/distribution";
import { Digest } from "@gantry/oci/digest";
import { ValidationError } from "@gantry/oci/image";
import { Registry } from "@gantry/oci/oras";
import { describeText, provider, pushByHand } from "./_provider.ts";

Deno.test("getContainer() adds the default registry and the default tag where there is none", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const cases: [string | undefined, string | undefined, string, string][] = [
    [undefined, undefined, "alpine", "docker.io/library/alpine:latest"],
    [undefined, undefined, "localhost:5000/a/b", "localhost:5000/a/b:latest"],
    [undefined, undefined, "localhost/a:v1", "localhost/a:v1"],
    ["ghcr.io", undefined, "a/b", "ghcr.io/a/b:latest"],
    ["ghcr.io", undefined, "a", "ghcr.io/a:latest"],
    ["ghcr.io", undefined, "a:v1", "ghcr.io/a:v1"],
    ["ghcr.io", undefined, "quay.io/a:v1", "quay.io/a:v1"],
    ["ghcr.io", undefined, "localhost/a", "localhost/a:latest"],
    ["ghcr.io", undefined, `a@${digest}`, `ghcr.io/a@${digest}`],
    ["ghcr.io", "edge", "a/b", "ghcr.io/a/b:edge"],
    ["ghcr.io", "", "a/b", "ghcr.io/a/b"],
  ];
  for (const [hostname, defaultTag, target, expected] of cases) {
    const registry = new Registry({
      ...hostname !== undefined && { hostname },
      ...defaultTag !== undefined && { defaultTag },
    });
    assertEquals(String(registry.getContainer(target)), expected);
  }
  const reference = Reference.parse("quay.io/a/b");
  assertEquals(
    String(new Registry().getContainer(reference)),
    "quay.io/a/b:latest",
  );
  assertThrows(
    () => new Registry().getContainer("https://ghcr.io/a/b:c"),
    InvalidReferenceError,
  );
});

Deno.test("getManifest() gives the exact bytes, by tag, digest and reference", async () => {
  const setting = provider();
  const { registry } = setting;
  const { manifest, reference, descriptor } = await registry.push("a/b:v1");
  for (const target of ["a/b:v1", `a/b@${descriptor.digest}`, reference]) {
    const found = await registry.getManifest(target);
    assertEquals(found.bytes, manifest.bytes);
    assertEquals(found.descriptor.digest, descriptor.digest);
  }
});

Deno.test("uploadManifest() puts objects and bytes, and refuses what is no manifest", async () => {
  const setting = provider();
  const { registry } = setting;
  const { manifest, descriptor } = await registry.push("a/b:v1");
  const byBytes = await registry.uploadManifest("a/b:v2", manifest.bytes);
  assertEquals(byBytes.digest, descriptor.digest);
  const byValue = await registry.uploadManifest("a/b:v3", manifest.value);
  assertEquals(byValue.digest, descriptor.digest);
  await assertRejects(
    () =>
      registry.uploadManifest(
        "a/b:v4",
        new TextEncoder().encode('{"layers":1}'),
      ),
    ValidationError,
  );
  assertEquals(await registry.getTags("a/b"), ["v1", "v2", "v3"]);
});

Deno.test("uploadBlob() takes a descriptor that is known, and reads the content once", async () => {
  const setting = provider();
  const { registry } = setting;
  const descriptor = await describeText("content");
  let opened = 0;
  const source = {
    size: 7,
    open: () => {
      opened++;
      return new Blob(["content"]).stream();
    },
  };
  await registry.uploadBlob("a/b", source, { descriptor });
  assertEquals(opened, 1);
  assert(await registry.blobExists("a/b", descriptor));
});

Deno.test("blobExists() answers for descriptors and digests", async () => {
  const setting = provider();
  const { registry } = setting;
  const there = await registry.uploadBlob("a/b", "there");
  const digest = String(await Digest.fromString("not there"));
  assertEquals(await registry.blobExists("a/b", there), true);
  assertEquals(await registry.blobExists("a/b", there.digest), true);
  assertEquals(await registry.blobExists("a/b", digest), false);
  assertEquals(await registry.blobExists("a/b", { ...there, digest }), false);
});

Deno.test("getTags() gives all tags, or as many as are wanted", async () => {
  const setting = provider();
  const { registry } = setting;
  const all = Array.from({ length: 25 }, (_, at) => `v${at + 100}`);
  await registry.push("a/b", { tags: all });
  assertEquals(await registry.getTags("a/b"), ["latest", ...all]);
  assertEquals(await registry.getTags("a/b", { limit: 3 }), [
    "latest",
    "v100",
    "v101",
  ]);
  assertEquals(await registry.getTags("a/b", { limit: 0 }), []);
  assertEquals((await registry.getTags("a/b", { limit: 99 })).length, 26);
  await assertRejects(() => registry.getTags("no/where"), NotFoundError);
});

Deno.test("deleteTag() deletes one tag and leaves its siblings", async () => {
  const setting = provider();
  const { registry } = setting;
  await registry.push("a/b:v1", { tags: ["v2"] });
  assertEquals(await registry.deleteTag("a/b", "v1"), true);
  assertEquals(await registry.deleteTag("a/b", "v1"), false);
  assertEquals(await registry.getTags("a/b"), ["v2"]);
});

Deno.test("tag() and resolve() agree", async () => {
  const setting = provider();
  const { registry } = setting;
  const { digest } = await pushByHand(setting, "a/b:v1", []);
  await registry.tag("a/b:v1", "v2");
  await registry.tag(`a/b@${digest}`, ["v3", "v4"]);
  for (const tag of ["v2", "v3", "v4"]) {
    assertEquals((await registry.resolve(`a/b:${tag}`)).digest, digest);
  }
  await assertRejects(
    () => registry.tag("a/b:v1", ["v5", "v 6"]),
    InvalidReferenceError,
  );
  assertEquals(await registry.getTags("a/b"), ["v1", "v2", "v3", "v4"]);
  await assertRejects(() => registry.resolve("a/b:v9"), NotFoundError);
  await assertRejects(() => registry.tag("a/b:v9", "v5"), NotFoundError);
});

Deno.test("repository() shares one client among the repositories of a registry", () => {
  const registry = new Registry({ hostname: "ghcr.io" });
  const [a, b] = [registry.repository("a"), registry.repository("team/b:v1")];
  assertEquals([a.name, b.name], ["a", "team/b"]);
  assert(a.client === b.client);
  assert(registry.repository("quay.io/a").client !== a.client);
});

Deno.test("attach() goes through the steps that a provider overrides, and gives no tag", async () => {
  class Signer extends Registry {
    protected override layerMediaType(): string {
      return "application/vnd.example.signature";
    }
  }
  const setting = provider();
  const signer = new Signer(setting.options);
  const { descriptor: subject } = await signer.push("team/app:v1", {
    files: [{ title: "a", content: "a" }],
  });
  const attached = await signer.attach("team/app:v1", {
    artifactType: "application/vnd.example.signed",
    files: [{ title: "sig", content: "…" }],
  });
  assertEquals(attached.subject.digest, subject.digest);
  assertEquals(attached.tags, []);
  assertEquals(
    attached.manifest.value.layers.map(({ mediaType }) => mediaType),
    ["application/vnd.example.signature"],
  );
  const { referrers } = await signer.discover("team/app:v1");
  assertEquals(
    referrers.map(({ descriptor }) => descriptor.digest),
    [attached.descriptor.digest],
  );
  assertEquals(await signer.getTags("team/app"), ["v1"]);
});

Deno.test("copy() takes an artifact to another name, and deleteTags() gives the tags that were there", async () => {
  const setting = provider();
  const { registry } = setting;
  const { descriptor } = await registry.push("team/app:v1", {
    files: [{ title: "a", content: "a" }],
  });
  const { tags } = await registry.copy("team/app:v1", "team/other:v2");
  assertEquals(tags, ["v2"]);
  assertEquals(
    (await registry.resolve("team/other:v2")).digest,
    descriptor.digest,
  );
  assertEquals(
    await registry.deleteTags("team/other", ["none", "v2"]),
    ["v2"],
  );
  assertEquals(await registry.getTags("team/other"), []);
});
