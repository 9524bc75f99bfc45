import { assertEquals } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";
const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";

/** Lines that use the flags of both programs, in this order, each in a sandbox of its own. */
const LINES: readonly string[] = [
  // What an artifact is made of
  `push HOST/a1:1 hi.txt d/x.txt:text/x --annotation-file notes.json`,
  `push HOST/a2:1 hi.txt -a ${CREATED} --export-manifest exported.json`,
  `push HOST/a3:1 hi.txt -a ${CREATED} -a a=1 -a b=2=3`,
  `push HOST/a4:1 hi.txt -a ${CREATED} -a a=1 -a a=2`,
  "push HOST/a5:1 hi.txt -a org.opencontainers.image.created=yesterday",
  "push HOST/a6:1 hi.txt hi.txt",
  "push HOST/a7:1 hi.txt ./hi.txt",
  "push HOST/a8:1 none.txt",
  "push HOST/a9:1 WORK/hi.txt",
  `push HOST/a11:1 hi.txt --artifact-type a/b --image-spec v1.0 -a ${CREATED}`,
  `push HOST/a12:1 hi.txt --artifact-type a -a ${CREATED}`,
  `push HOST/a13:1 hi.txt --config config.json --artifact-type a/b --image-spec v1.0`,
  `push HOST/a14:1 hi.txt --artifact-platform linux/amd64 --artifact-type a/b --image-spec v1.0`,
  `push HOST/a15:1 hi.txt --artifact-platform nope/ -a ${CREATED}`,
  `push HOST/a16:1 hi.txt --config none.json`,
  `push HOST/a17:1 hi.txt --annotation-file hi.txt`,
  `push HOST/a18:1 hi.txt --annotation-file none.json`,
  `push HOST/a1:BAD! hi.txt`,
  `push HOST/A:1 hi.txt`,
  `push HOST/a1@${HI} hi.txt`,
  `push HOST/a19:1 hi.txt: -a ${CREATED}`,
  `push HOST/a20:1 sp\u00a0ace.txt -a ${CREATED}`,
  `push HOST/a21:1 hi.txt --concurrency 1 -a ${CREATED} -v`,
  `push HOST/a22:1 hi.txt --concurrency 0 -a ${CREATED}`,
  `push HOST/a23:1 d/../hi.txt d/x.txt -a ${CREATED}`,
  `push HOST/a24:1 ../outside.txt -a ${CREATED}`,
  `push HOST/a25:1 hi.txt -a ${CREATED} --disable-path-validation`,
  `push HOST/a26:1 hi.txt -a ${CREATED} --verbose=false`,
  `attach HOST/a26:1 hi.txt --artifact-type x/y -a ${CREATED} --verbose=false`,
  // What comes back
  "pull HOST/a1:1 -o out",
  "pull HOST/a1:1 -o out -k",
  "pull HOST/a1:1 -o out --config saved.json:x/y",
  "pull HOST/a1:1 -o out/deeper/still",
  "pull HOST/a1:1 -o hi.txt",
  "pull HOST/a24:1 -o out",
  "pull HOST/a24:1 -o out -T",
  "pull HOST/a1:1 -o out --platform linux/amd64",
  "pull HOST/a1 -o out",
  "pull HOST/a1@sha256:1 -o out",
  `pull HOST/a1@sha256:${"0".repeat(64)} -o out`,
  // Attached
  `attach HOST/a1:1 hi.txt --artifact-type x/y -a ${CREATED} --export-manifest e.json`,
  `attach HOST/a1:1 --artifact-type x/y -a ${CREATED} -a k=v`,
  `attach HOST/a1:1 hi.txt --config config.json:c/d --artifact-type x/y -a ${CREATED}`,
  `attach HOST/a1:1 hi.txt --artifact-type x/y --platform linux/amd64`,
  `attach HOST/a1:none hi.txt --artifact-type x/y`,
  `attach HOST/a1:1 hi.txt --artifact-type x/y --annotation-file notes.json`,
  "discover HOST/a1:1 --format table",
  "discover HOST/a1:1 --artifact-type x/y --format json",
  // Indexes and platforms
  "manifest push HOST/i:amd64 amd64.json",
  "manifest index create HOST/i:all amd64 arm64",
  "resolve HOST/i:all --platform linux/amd64",
  "resolve HOST/i:all --platform linux/arm64/v8",
  "resolve HOST/i:all --platform windows/amd64",
  "resolve HOST/i:all --platform nope",
  "resolve HOST/i:amd64 --platform linux/amd64",
  "manifest fetch HOST/i:all --platform linux/amd64",
  "manifest fetch HOST/i:all --platform linux/amd64 --descriptor",
  "manifest fetch HOST/i:all --media-type application/vnd.oci.image.index.v1+json",
  "manifest fetch HOST/i:all --format json",
  "manifest fetch-config HOST/i:all --platform linux/amd64",
  "manifest fetch-config HOST/i:all",
  "cp HOST/i:all HOST/j:one --platform linux/amd64",
  "cp HOST/i:all HOST/k:1,2",
  "pull HOST/i:all -o out --platform linux/amd64",
  "pull HOST/i:all -o out --platform linux/amd64 --format json",
  "manifest push HOST/i:noted noted.json",
  "manifest fetch HOST/i:noted --platform linux/amd64 --descriptor --pretty",
  "manifest fetch HOST/i:noted --platform linux/amd64 --format json",
  `blob fetch HOST/a1@${HI} -o fetched --descriptor`,
  `blob fetch HOST/a1@sha256:${"0".repeat(64)} -o fetched2`,
  `blob fetch HOST/a1:1 -o fetched3`,
  "blob push HOST/a1 none.txt",
  "blob push HOST/a1 hi.txt extra",
  "blob delete HOST/a1",
  "manifest fetch HOST/a1:1 --output fetched.json --pretty",
  "manifest push HOST/a1 none.json",
  `manifest push HOST/a1@${HI} amd64.json`,
  "manifest push HOST/a1:t amd64.json --media-type x/y",
  "repo tags HOST/a1",
  "repo tags HOST/a1 --exclude-digest-tags",
  "repo tags HOST/none",
  "repo tags HOST/a1:1 --format json",
  "repo show-tags HOST/a1 --last 3",
  "repository list HOST",
  "repo ls HOST/a/b/c",
  "repo ls HOST --last a",
  "tag HOST/a1:1 BAD!",
  "tag HOST/a1:1 x y z --concurrency 1",
  "tag HOST/a1:1",
  "resolve HOST/a1:none",
  "digest HOST/a1:x",
  "resolve HOST",
  "resolve not//valid:x",
  "resolve",
  "backup HOST/a1",
  "backup HOST/a1@sha256:0 -o b",
  "restore HOST/a1",
  "restore HOST/a1 --input none.tar",
  "logout",
  "login",
];

const MANIFEST = (architecture: string) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: CONFIGS[architecture],
    layers: [],
  });

const CONFIGS: Record<string, unknown> = {};

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("d/x.txt", "x\n");
  await box.write("sp\u00a0ace.txt", "space\n");
  await box.write("../outside.txt", "out\n");
  await box.write("config.json", "{}");
  await box.write(
    "notes.json",
    JSON.stringify({
      $manifest: {
        m: "1",
        "org.opencontainers.image.created": "2024-01-02T03:04:05Z",
      },
      $config: { c: "<&>" },
      "hi.txt": { h: "2" },
      "d/x.txt": { "org.opencontainers.image.title": "renamed" },
    }),
  );
  for (const architecture of ["amd64", "arm64"]) {
    await box.write(
      "image.json",
      JSON.stringify({
        architecture,
        os: "linux",
        ...(architecture === "arm64" && { variant: "v8" }),
        rootfs: { type: "layers", diff_ids: [] },
      }),
    );
    CONFIGS[architecture] = JSON.parse(
      await box.ok(
        ...["blob", "push", "--descriptor", "--media-type"],
        "application/vnd.oci.image.config.v1+json",
        ...[`${box.host}/i`, "image.json"],
      ),
    );
    await box.write(`${architecture}.json`, MANIFEST(architecture));
  }
  await box.ok("manifest", "push", `${box.host}/i:arm64`, "arm64.json");
  const { mediaType, digest, size } = JSON.parse(
    await box.ok(
      ...["manifest", "push", "--descriptor", `${box.host}/i`, "amd64.json"],
    ),
  );
  await box.write(
    "noted.json",
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{
        mediaType,
        digest,
        size,
        platform: { os: "linux", architecture: "amd64" },
        annotations: { note: "1" },
      }],
    }),
  );
  return box;
}

/** All files below a folder, by their paths. */
async function filesOf(folder: string, at = ""): Promise<[string, string][]> {
  const files: [string, string][] = [];
  for await (const { isDirectory, name } of Deno.readDir(`${folder}/${at}`)) {
    const path = at === "" ? name : `${at}/${name}`;
    if (isDirectory) files.push(...await filesOf(folder, path));
    else files.push([path, await Deno.readTextFile(`${folder}/${path}`)]);
  }
  return files.sort();
}

Deno.test({
  name: "flags and mistakes print, exit and leave files as with oras",
  ignore: !found("oras"),
  async fn() {
    await using theirs = await filled();
    await using ours = await filled();
    for (const line of LINES) {
      const expected = await run(theirs, "oras", line);
      assertEquals(await run(ours, "gantry", line), expected, line);
    }
  },
});

/** What a line prints and leaves. */
async function run(
  box: Sandbox,
  program: "gantry" | "oras",
  line: string,
): Promise<unknown> {
  const args = line.split(" ").map((word) =>
    word.replace("HOST", box.host).replace("WORK", box.folder)
  );
  const { code, stderr, stdout } = await box[program](args);
  const hide = (text: string) =>
    text.replaceAll(box.host, "HOST").replaceAll(box.folder, "WORK")
      .replaceAll("oras ", "gantry ");
  return {
    code,
    // What people read of warnings and failures is in other words here.
    lines: code === 0 ? hide(stdout).split("\n").sort() : [],
    speaks: stderr !== "",
    files: hide(JSON.stringify(await filesOf(box.folder))),
  };
}
