import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox } from "../_support/cli_sandbox.ts";

Deno.test("blob cp mounts within a registry, and copies bytes elsewhere", async () => {
  const registry = createRegistry();
  let requests: string[] = [];
  await using box = await openSandbox((request) => {
    const { search } = new URL(request.url);
    requests.push(`${request.method} ${search.includes("mount=")}`);
    return registry.fetch(request);
  });
  await box.write("a", "content");
  const pushed = JSON.parse(
    await box.ok("blob", "push", `${box.host}/one`, "a", "--format=json"),
  );
  const { digest } = pushed;
  const one = `${box.host}/one@${digest}`;
  const two = `${box.host}/two`;
  requests = [];
  const dry = await box.gantry(["blob", "cp", "--dry-run", one, two]);
  assertEquals([dry.code, dry.stdout], [0, ""]);
  assertStringIncludes(dry.stderr, `Would copy [registry] ${one} => `);
  assertEquals(requests, ["HEAD false"]);

  requests = [];
  assertStringIncludes(
    await box.ok("blob", "cp", one, two),
    `Copied [registry] ${one} => [registry] ${two}@${digest}\nDigest: ${digest}\n`,
  );
  assertEquals(requests, ["HEAD false", "POST true"]);
  assertEquals(
    await box.ok("blob", "fetch", "-o", "-", `${two}@${digest}`),
    "content",
  );

  const layout = await box.ok(
    ...["blob", "cp", "--to-oci-layout", one, "lay", "--format=json"],
  );
  assertEquals(JSON.parse(layout).result, "copied");
  const back = await box.ok(
    ...["blob", "copy", "--from-oci-layout", `lay@${digest}`],
    ...[`${box.host}/three@${digest}`, "--format=json"],
  );
  assertEquals(JSON.parse(back), {
    reference: `${box.host}/three@${digest}`,
    mediaType: "application/octet-stream",
    digest,
    size: 7,
    result: "copied",
  });
});

Deno.test("blob cp refuses tags, other digests and what is not there", async () => {
  await using box = await openSandbox();
  const one = `sha256:${"1".repeat(64)}`;
  const two = `sha256:${"2".repeat(64)}`;
  const from = `${box.host}/a@${one}`;
  for (
    const [line, message] of [
      [[from, `${box.host}/b:v1`], "a blob has no tag"],
      [[from, `${box.host}/b@${two}`], "digest mismatch"],
      [[`${box.host}/a:v1`, `${box.host}/b`], "no digest specified"],
      [[from, `${box.host}/b`], "not found"],
    ] as const
  ) {
    const { code, stderr } = await box.gantry(["blob", "cp", ...line]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, message);
  }
});
