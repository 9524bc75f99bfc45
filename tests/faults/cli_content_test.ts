import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { packTar, type TarEntry } from "modern-tar";
import { Digest } from "@gantry/oci/digest";
import { AnnotationKeys } from "@gantry/oci/image";
import { Registry } from "@gantry/oci/oras";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { openHttpRegistry } from "../_support/http_registry.ts";

/** Pushes an archive as a directory called `d`. */
async function plantArchive(host: string, entries: TarEntry[]): Promise<void> {
  const tar = await packTar(entries) as Uint8Array<ArrayBuffer>;
  const packed = new Blob([tar]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  await using registry = new Registry({ hostname: host, plainHttp: true });
  await registry.push("app:v1", {
    files: [{
      title: "d",
      content: new Uint8Array(await new Response(packed).arrayBuffer()),
      annotations: {
        [AnnotationKeys.unpackedDigest]: String(await Digest.fromBytes(tar)),
        [AnnotationKeys.unpack]: "true",
      },
    }],
  });
}

const file = (name: string): TarEntry => ({
  header: { name, size: 1 },
  body: "1",
});
const link = (
  name: string,
  linkname: string,
  type: "symlink" | "link" = "symlink",
): TarEntry => ({ header: { name, size: 0, type, linkname } });

const ARCHIVES: readonly [string, TarEntry[]][] = [
  ["an entry with ..", [file("d/ok"), file("d/../../outside/up")]],
  ["an absolute entry", [file("d/ok"), file("/d/../outside/up")]],
  ["an entry beside its directory", [file("d/ok"), file("e/up")]],
  ["a link out, and an entry through it", [
    link("d/out", "../../outside"),
    file("d/out/up"),
  ]],
  ["an absolute link, and an entry through it", [
    link("d/out", "/OUTSIDE"),
    file("d/out/up"),
  ]],
  ["links that lead out together", [
    { header: { name: "d/a/", size: 0, type: "directory" } },
    link("d/a/b", ".."),
    link("d/c", "a/b/../.."),
    file("d/c/../outside/up"),
  ]],
  ["a hard link to a file outside", [
    link("d/hard", "../../outside/keep", "link"),
    file("d/ok"),
  ]],
];

for (const [what, entries] of ARCHIVES) {
  Deno.test(`pull refuses an archive with ${what}, and unpacks nothing of it`, async () => {
    await using server = openHttpRegistry();
    await using box = await openSandbox();
    await box.write("outside/keep", "as it was");
    const outside = join(box.folder, "outside");
    await plantArchive(
      server.host,
      entries.map(({ header, ...entry }) => ({
        ...entry,
        header: header.linkname === "/OUTSIDE"
          ? { ...header, linkname: outside }
          : header,
      })),
    );
    const { code, stdout, stderr } = await box.gantry(
      ["pull", "--plain-http", `${server.host}/app:v1`, "-o", "out"],
    );
    assertEquals(code, 1, stdout);
    assertStringIncludes(stderr, "Error: Cannot ");
    assert(!/\n {4}at /.test(stderr), stderr);
    const names = (folder: string) =>
      Array.fromAsync(
        Deno.readDir(join(box.folder, folder)),
        ({ name }) => name,
      );
    assertEquals(await names("out"), []);
    assertEquals(await names("outside"), ["keep"]);
    assertEquals(await box.read("outside/keep"), "as it was");
    assertEquals((await names(".")).sort(), ["out", "outside"]);
  });
}

Deno.test("pull and blob fetch end a blob that does not end by itself", async () => {
  let spoils = false;
  const chunk = new Uint8Array(64 * 1024);
  await using server = openHttpRegistry((request, next) =>
    spoils && request.method === "GET" && request.url.includes("/blobs/")
      ? new Response(
        new ReadableStream({ pull: (body) => body.enqueue(chunk) }),
      )
      : next(request)
  );
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  const target = `${server.host}/app:v1`;
  await box.ok("push", "--plain-http", target, "hi.txt");
  spoils = true;
  const blob = `${server.host}/app@${await Digest.fromString("hi\n")}`;
  for (
    const args of [
      ["pull", target, "-o", "out"],
      ["blob", "fetch", blob, "-o", "out/blob"],
    ]
  ) {
    await Deno.mkdir(join(box.folder, "out"), { recursive: true });
    const { code, stderr } = await box.gantry([...args, "--plain-http"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "Error: ");
    assert(!/\n {4}at /.test(stderr), stderr);
    const left = await Array.fromAsync(Deno.readDir(join(box.folder, "out")));
    assertEquals(left, []);
  }
});

Deno.test("pull replaces a link in the place of a file, and never writes through it", async () => {
  await using server = openHttpRegistry();
  await using box = await openSandbox();
  await box.write("in/hi.txt", "hi\n");
  await box.write("outside/keep", "as it was");
  const target = `${server.host}/app:v1`;
  const pushed = await box.gantry(["push", "--plain-http", target, "hi.txt"], {
    cwd: join(box.folder, "in"),
  });
  assertEquals(pushed.code, 0, pushed.stderr);
  await Deno.mkdir(join(box.folder, "out"));
  await Deno.symlink("../outside/keep", join(box.folder, "out", "hi.txt"));
  await box.ok("pull", "--plain-http", target, "-o", "out");
  assertEquals(await box.read("outside/keep"), "as it was");
  const info = await Deno.lstat(join(box.folder, "out", "hi.txt"));
  assertEquals(info.isFile, true);
  assertEquals(await box.read("out/hi.txt"), "hi\n");
});
