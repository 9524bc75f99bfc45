import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { gantryCommand } from "../_support/gantry.ts";

const TAGS = ["v1", "v2", "v3", "v4"];

/** A registry with four tags, which can be made to stop in the middle of its work. */
async function setting() {
  const registry = createRegistry();
  let left = Infinity;
  let stopped = Promise.withResolvers<void>();
  let killed = Promise.withResolvers<void>();
  const box = await openSandbox(async (request) => {
    const answer = await registry.fetch(request);
    const isContent = request.url.includes("/blobs/") ||
      request.method === "PUT";
    if (!isContent || --left > 0) return answer;
    stopped.resolve();
    await killed.promise;
    return answer;
  });
  await box.write("shared", "what all have\n");
  for (const tag of TAGS) {
    await box.write(tag, `the content of ${tag}\n`.repeat(1000));
    await box.ok("push", `${box.host}/app:${tag}`, tag, "shared");
  }
  /** Runs a line, and kills it when so many pieces of content have been moved. */
  async function killAfter(pieces: number, ...args: string[]): Promise<void> {
    const [program, ...prefix] = gantryCommand();
    left = pieces;
    stopped = Promise.withResolvers();
    killed = Promise.withResolvers();
    const child = new Deno.Command(program!, {
      args: [...prefix, ...args],
      cwd: box.folder,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ended = child.status;
    await Promise.race([stopped.promise, ended]);
    child.kill("SIGKILL");
    assertEquals((await ended).signal, "SIGKILL");
    left = Infinity;
    killed.resolve();
  }
  return { box, killAfter };
}

async function resolved(box: Sandbox, name: string): Promise<string[]> {
  return await Promise.all(
    TAGS.map((tag) => box.ok("resolve", `${box.host}/${name}:${tag}`)),
  );
}

Deno.test("a backup that is killed leaves a good layout, or no archive, and the next one completes it", async () => {
  const { box, killAfter } = await setting();
  await using _ = box;
  const name = `${box.host}/app`;
  await killAfter(5, "backup", name, "-o", "lay");
  assertStringIncludes(await box.ok("validate", "lay"), "valid layout");
  await box.ok("backup", name, "-o", "lay");
  await box.ok("restore", `${box.host}/one`, "--input", "lay");

  await killAfter(5, "backup", name, "-o", "all.tar");
  assertEquals(await box.exists("all.tar"), false);
  await box.ok("backup", name, "-o", "all.tar");

  // Of what was pushed before, no tag points at what is not whole.
  await killAfter(9, "restore", `${box.host}/two`, "--input", "all.tar");
  const before = await box.ok("repo", "tags", `${box.host}/two`);
  for (const tag of before.trim().split("\n").filter(Boolean)) {
    await box.ok("pull", `${box.host}/two:${tag}`, "-o", "out");
  }
  await box.ok("restore", `${box.host}/two`, "--input", "all.tar");
  const expected = await resolved(box, "app");
  assertEquals(await resolved(box, "one"), expected);
  assertEquals(await resolved(box, "two"), expected);
});

Deno.test("a sync that is killed is taken up by the next", async () => {
  const { box, killAfter } = await setting();
  await using _ = box;
  const entries = ["ocidir://lay", `${box.host}/mirror`].map((target) => ({
    source: `${box.host}/app`,
    target,
    type: "repository",
  }));
  await box.write("sync.json", JSON.stringify({ sync: entries }));
  await killAfter(7, "sync", "sync.json");
  await box.ok("sync", "sync.json");
  assertStringIncludes(await box.ok("validate", "lay"), "valid layout");
  assertEquals(await resolved(box, "mirror"), await resolved(box, "app"));
  const again = await box.ok("sync", "sync.json");
  const lines = again.trim().split("\n");
  assertEquals(lines.length, 8);
  for (const line of lines) assert(line.startsWith("Unchanged"), again);
});

Deno.test("several processes fill one layout at once", async () => {
  const { box } = await setting();
  await using _ = box;
  const { host } = box;
  for (const tag of TAGS) {
    await box.ok("cp", `${host}/app:${tag}`, `${host}/b:x${tag}`);
  }
  const entry = {
    source: `${host}/app`,
    target: "ocidir://lay",
    type: "repository",
  };
  await box.write("sync.json", JSON.stringify({ sync: [entry] }));
  await Promise.all([
    box.ok("backup", `${host}/app`, "-o", "lay"),
    box.ok("backup", `${host}/b`, "-o", "lay"),
    box.ok("sync", "sync.json"),
    box.ok("cp", `${host}/app:v1`, "--to-oci-layout", "lay:copied"),
  ]);
  assertStringIncludes(await box.ok("validate", "lay"), "valid layout");
  const tags = [...TAGS, ...TAGS.map((tag) => `x${tag}`), "copied"].sort();
  assertEquals(
    (await box.ok("repo", "tags", "--oci-layout", "lay")).trim().split("\n"),
    tags,
  );
});

Deno.test("restore brings in nothing of what is damaged, and says what is", async () => {
  const { box } = await setting();
  await using _ = box;
  const name = `${box.host}/app`;
  await box.ok("backup", `${name}:v1`, "-o", "lay");
  await box.ok("backup", `${name}:v1`, "-o", "all.tar");
  const archive = await Deno.readFile(`${box.folder}/all.tar`);
  await Deno.writeFile(`${box.folder}/cut.tar`, archive.subarray(0, 9000));
  await box.write("junk.tar", "no tar at all".repeat(100));
  const blobs = `${box.folder}/lay/blobs/sha256`;
  for await (const { name } of Deno.readDir(blobs)) {
    const path = `${blobs}/${name}`;
    const bytes = await Deno.readFile(path);
    if (bytes.byteLength < 9000) continue;
    bytes[0]! ^= 1;
    await Deno.chmod(path, 0o644);
    await Deno.writeFile(path, bytes);
  }
  const cases = [
    ["cut.tar", "it ends early"],
    ["junk.tar", "it is no tar, or damaged"],
    ["lay", "Cannot accept content: expected digest sha256:"],
    ["none", "no such file or directory"],
  ] as const;
  for (const [input, words] of cases) {
    const target = `${box.host}/${input.replace(".", "-")}`;
    const done = await box.gantry(["restore", target, "--input", input]);
    assertEquals(done.code, 1, input);
    assertStringIncludes(done.stderr, words);
    const { code } = await box.gantry(["resolve", `${target}:v1`]);
    assertEquals(code, 1, input);
  }
});

Deno.test("a target that takes nothing is told, for each tag of a sync", async () => {
  await using readOnly = await openSandbox(
    createRegistry({ readOnly: true }).fetch,
  );
  const { box } = await setting();
  await using _ = box;
  await box.write(
    "sync.json",
    JSON.stringify({
      sync: [{
        source: `${box.host}/app`,
        target: `${readOnly.host}/app`,
        type: "repository",
      }],
    }),
  );
  const { code, stderr, stdout } = await box.gantry(["sync", "sync.json"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Error: 4 of 4 failed");
  assertEquals(stdout.match(/^Failed .*read-only$/gm)?.length, 4, stdout);
});
