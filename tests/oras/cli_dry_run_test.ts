import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Sandbox } from "../_support/cli_sandbox.ts";
import { leavesOf, LINES, openWorkshop } from "./_every_command.ts";

/** What writes nothing, but where it is told to print into a file, and what runs until it is ended. */
const READERS: ReadonlySet<string> = new Set([
  "inspect",
  "discover",
  "resolve",
  "repo ls",
  "repo tags",
  "manifest fetch",
  "manifest fetch-config",
  "blob head",
  "layer ls",
  "layer digest",
  "hash",
  "validate",
  "auth token",
  "auth whoami",
  "version",
  "completion bash",
  "completion zsh",
  "completion fish",
  "completion powershell",
  "serve",
]);

/** All files below a folder, by their paths. */
async function filesOf(folder: string, at = ""): Promise<[string, number][]> {
  const files: [string, number][] = [];
  for await (const { isDirectory, name } of Deno.readDir(`${folder}/${at}`)) {
    const path = at === "" ? name : `${at}/${name}`;
    const { mtime } = await Deno.stat(`${folder}/${path}`);
    files.push([path, Number(mtime)]);
    if (isDirectory) files.push(...await filesOf(folder, path));
  }
  return files.sort();
}

/** All that a registry lists, with digests, and all files. */
async function stateOf(box: Sandbox): Promise<unknown> {
  const authorization = `Basic ${btoa("me:sesame")}`;
  const ask = (path: string, method = "GET") =>
    fetch(`http://${box.host}/v2/${path}`, {
      method,
      headers: { authorization, accept: "*/*" },
    });
  const { repositories } = await (await ask("_catalog")).json();
  const digests: Record<string, string | null> = {};
  for (const name of repositories) {
    const { tags } = await (await ask(`${name}/tags/list`)).json();
    for (const tag of tags) {
      const { headers } = await ask(`${name}/manifests/${tag}`, "HEAD");
      digests[`${name}:${tag}`] = headers.get("docker-content-digest");
    }
  }
  assert(Object.values(digests).every((digest) => digest !== null));
  return { digests, files: await filesOf(`${box.folder}/..`) };
}

Deno.test("whatever writes or deletes has --dry-run", () => {
  for (const { command, path } of leavesOf()) {
    const name = path.join(" ");
    const has = command.flags!.some((flag) => flag.name === "dry-run");
    assertEquals(has, !READERS.has(name), name);
  }
});

Deno.test("--dry-run of every command says what would be done, and changes nothing", async () => {
  await using box = await openWorkshop();
  // What later lines work on is made in earnest first.
  for (
    const line of [
      "push HOST/app:v1 hi.txt",
      "tag HOST/app:v1 v2",
      "manifest index create HOST/image:all v1",
      "tag HOST/image:v1 v2",
      "manifest push HOST/image:v3 manifest.json",
      "backup HOST/app:v1 -o out/backup.tar",
    ]
  ) await box.ok(...line.replaceAll("HOST", box.host).split(" "));
  await box.write("out/users", "");
  const before = await stateOf(box);
  let count = 0;
  for (const { path } of leavesOf()) {
    const name = path.join(" ");
    if (READERS.has(name)) continue;
    for (const [line, stdin = ""] of LINES) {
      if (!line.startsWith(`${name} `)) continue;
      // Nothing is in it.
      if (line === "layer diff empty dist") continue;
      const words = line.replaceAll("HOST", box.host)
        .replace("/third@", "/app@").split(" ");
      const { code, stderr, stdout } = await box.gantry(
        [...words, "--dry-run"],
        { stdin },
      );
      assertEquals(code, 0, `${line}: ${stderr}`);
      assert(/would/i.test(stderr + stdout), `${line}: ${stdout}${stderr}`);
      assertEquals(await stateOf(box), before, line);
      count++;
    }
  }
  assert(count > 20);
});

Deno.test("--dry-run writes no file that a flag names beside", async () => {
  await using box = await openWorkshop();
  await box.ok("push", `${box.host}/app:v1`, "hi.txt");
  const before = await stateOf(box);
  for (
    const line of [
      "push HOST/app:v2 hi.txt --export-manifest out/m.json",
      "attach HOST/app:v1 hi.txt --artifact-type a/b --export-manifest out/m.json",
      "manifest index create HOST/app:all v1 --output out/m.json",
    ]
  ) {
    const words = line.replace("HOST", box.host).split(" ");
    const { code, stderr } = await box.gantry([...words, "--dry-run"]);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "Would write out/m.json\n");
    assertEquals(await stateOf(box), before, line);
  }
});

Deno.test("--dry-run keeps nothing in the cache of ORAS_CACHE", async () => {
  await using box = await openWorkshop();
  await box.ok("push", `${box.host}/app:v1`, "hi.txt");
  const { code } = await box.gantry(
    ["pull", `${box.host}/app:v1`, "-o", "out", "--dry-run"],
    { env: { ORAS_CACHE: `${box.folder}/cache` } },
  );
  assertEquals(code, 0);
  assertEquals(await box.exists("cache"), false);
});
