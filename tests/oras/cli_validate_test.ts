import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  type Descriptor,
  EMPTY_DESCRIPTOR,
  encodeJson,
  imageConfig,
  MediaTypes,
  signSchema1,
} from "@gantry/oci/image";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const DIGEST = EMPTY_DESCRIPTOR.digest;
const config = {
  mediaType: MediaTypes.config,
  digest: DIGEST,
  size: 2,
};
const layer = { ...config, mediaType: MediaTypes.layerGzip };
const manifest = { schemaVersion: 2, config, layers: [layer] };

interface Verdict {
  valid: boolean;
  type: string;
  issues: { path: string; expected: string; actual: string }[];
}

async function judge(box: Sandbox, ...args: string[]): Promise<Verdict> {
  const { code, stdout } = await box.gantry([
    "validate",
    "--format=json",
    ...args,
  ]);
  const verdict = JSON.parse(stdout) as Verdict;
  assertEquals(code, verdict.valid ? 0 : 1);
  return verdict;
}

Deno.test("validate sees what a document is", async () => {
  await using box = await openSandbox();
  const documents: Record<string, unknown> = {
    descriptor: layer,
    manifest,
    index: { schemaVersion: 2, manifests: [] },
    config: imageConfig(),
    layout: { imageLayoutVersion: "1.0.0" },
    schema1: {
      schemaVersion: 1,
      name: "a",
      tag: "b",
      architecture: "amd64",
      fsLayers: [],
      history: [],
    },
    "tag-list": { name: "team/app", tags: ["v1"] },
    "repository-list": { repositories: ["team/app"] },
    "error-response": { errors: [{ code: "DENIED" }] },
    "error-info": { code: "DENIED", message: "read only" },
  };
  for (const [type, value] of Object.entries(documents)) {
    await box.write(`${type}.json`, JSON.stringify(value));
  }
  const files = Object.keys(documents).map((type) => `${type}.json`);
  assertEquals(
    await box.ok("validate", ...files),
    Object.keys(documents).map((type) => `${type}.json: valid ${type}\n`)
      .join(""),
  );
  assertEquals(await judge(box, "manifest.json"), {
    valid: true,
    type: "manifest",
    issues: [],
  });
  const all = JSON.parse(
    await box.ok("validate", "--format=json", ...files),
  );
  assertEquals(all.length, 10);
  assertEquals(all[2], {
    file: "index.json",
    valid: true,
    type: "index",
    issues: [],
  });
  const other = await judge(box, "--type=index", "manifest.json");
  assertEquals(other.issues.map(({ path }) => path), [
    "$.manifests",
    "$.config",
    "$.layers",
  ]);
});

Deno.test("validate prints every problem with its path", async () => {
  await using box = await openSandbox();
  await box.write(
    "bad.json",
    JSON.stringify({
      ...manifest,
      layers: [{ ...layer, size: 1 }, { ...layer, digest: "sha256:../x" }],
      annotations: { a: 1 },
    }).replace('"size":1', '"size":9007199254740993'),
  );
  const { code, stdout, stderr } = await box.gantry(["validate", "bad.json"]);
  assertEquals({ code, stdout, stderr }, {
    code: 1,
    stdout: `bad.json: not a valid manifest
  $.layers[0].size: expected an integer from 0 to 2^53 - 1, found 9007199254740993
  $.layers[1].digest: expected a digest of its algorithm's length, found "sha256:../x"
  $.annotations.a: expected a string, found 1
`,
    stderr: "Error: validation failed\n",
  });
  const empty = JSON.stringify({ ...manifest, layers: [] });
  for (const [level, code] of [["schema", 1], ["wire", 0]] as const) {
    const piped = await box.gantry(["validate", "--level", level, "-"], {
      stdin: empty,
    });
    assertEquals(piped.code, code);
  }
});

Deno.test("validate refuses what is no JSON, and what it does not know", async () => {
  await using box = await openSandbox();
  const cases: [string, Verdict["issues"][number]][] = [
    ['{"a":1,"a":2}', {
      path: "$.a",
      expected: "each key once",
      actual: "it again at position 7",
    }],
    ['{"a":}', {
      path: "$.a",
      expected: "a value",
      actual: '"}" at position 5',
    }],
    ['{"x":1}', {
      path: "$",
      expected: "a document of the OCI specifications",
      actual: "an object with x",
    }],
    ["[]", {
      path: "$",
      expected: "a document of the OCI specifications",
      actual: "a list",
    }],
  ];
  for (const [text, issue] of cases) {
    await box.write("x.json", text);
    assertEquals(await judge(box, "x.json"), {
      valid: false,
      type: "unknown",
      issues: [issue],
    });
  }
  await box.write("x.json", "\u001b[31m{");
  const { stdout } = await box.gantry(["validate", "x.json"]);
  assert(!stdout.includes("\u001b"));
  const missing = await box.gantry(["validate", "missing"]);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, "open missing: no such file");
});

Deno.test("validate verifies the signatures of schema 1", async () => {
  await using box = await openSandbox();
  const { bytes } = await signSchema1({
    schemaVersion: 1,
    name: "a",
    tag: "b",
    architecture: "amd64",
    fsLayers: [],
    history: [],
  });
  await box.write("good.json", bytes);
  assertEquals((await judge(box, "good.json")).valid, true);
  const text = new TextDecoder().decode(bytes);
  await box.write("bad.json", text.replace('"amd64"', '"arm64"'));
  const { issues, type } = await judge(box, "bad.json");
  assertEquals(type, "schema1");
  assertEquals(issues.map(({ path }) => path), ["$.signatures"]);
});

/** Writes an image layout of one image, and gives its descriptors. */
async function writeLayout(box: Sandbox): Promise<Record<string, Descriptor>> {
  const put = async (mediaType: string, content: Uint8Array<ArrayBuffer>) => {
    const digest = await Digest.fromBytes(content);
    await box.write(`image/blobs/sha256/${digest.encoded}`, content);
    return { mediaType, digest: `${digest}`, size: content.byteLength };
  };
  const layer = await put(MediaTypes.layerGzip, new Uint8Array(9));
  const config = await put(MediaTypes.config, encodeJson(imageConfig()));
  const manifest = await put(
    MediaTypes.manifest,
    encodeJson({ schemaVersion: 2, config, layers: [layer, layer] }),
  );
  await box.write("image/oci-layout", '{"imageLayoutVersion":"1.0.0"}');
  await box.write(
    "image/index.json",
    encodeJson({ schemaVersion: 2, manifests: [manifest] }),
  );
  return { layer, config, manifest };
}

function blob(descriptor: Descriptor | undefined): string {
  return `blobs/${descriptor!.digest.replace(":", "/")}`;
}

Deno.test("validate walks an image layout to its last blob", async () => {
  await using box = await openSandbox();
  const { config, layer, manifest } = await writeLayout(box);
  assertEquals(await judge(box, "image"), {
    valid: true,
    type: "layout",
    issues: [],
  });
  await box.write(`image/${blob(layer)}`, new Uint8Array(8));
  await Deno.remove(`${box.folder}/image/${blob(config)}`);
  const changed = await Digest.fromBytes(new Uint8Array(8));
  assertEquals((await judge(box, "image")).issues, [
    {
      path: `${blob(manifest)}:$.config`,
      expected: `the blob ${blob(config)}`,
      actual: "nothing",
    },
    { path: blob(layer), expected: layer!.digest, actual: `${changed}` },
    {
      path: `${blob(manifest)}:$.layers[0].size`,
      expected: "the blob's size 8",
      actual: "9",
    },
    {
      path: `${blob(manifest)}:$.layers[1].size`,
      expected: "the blob's size 8",
      actual: "9",
    },
  ]);
});

Deno.test("validate follows no unsafe digest and no link out of a layout", async () => {
  await using box = await openSandbox();
  const { layer, manifest } = await writeLayout(box);
  await box.write("secret", new Uint8Array(9));
  const path = `${box.folder}/image/${blob(layer)}`;
  await Deno.remove(path);
  await Deno.symlink(`${box.folder}/secret`, path);
  const unsafe = ["sha256:../../../secret", "..:x", "sha256:AB", "x/y:z"];
  await box.write(
    "image/index.json",
    JSON.stringify({
      schemaVersion: 2,
      manifests: [
        manifest,
        ...unsafe.map((digest) => ({ ...manifest, digest })),
        { ...manifest, mediaType: MediaTypes.index },
      ],
    }),
  );
  const { issues } = await judge(box, "image");
  const paths = issues.map(({ path }) => path);
  assertEquals(paths.slice(0, 4), [
    "index.json:$.manifests[1].digest",
    "index.json:$.manifests[2].digest",
    "index.json:$.manifests[3].digest",
    "index.json:$.manifests[4].digest",
  ]);
  assert(paths.includes(blob(layer)));
  assertEquals(
    issues.find(({ path }) => path === blob(layer))?.actual,
    "a symbolic link",
  );
  // The manifest, taken for an index.
  assert(paths.includes(`${blob(manifest)}:$.manifests`));
});

Deno.test("validate names what a layout lacks", async () => {
  await using box = await openSandbox();
  await box.write("image/readme", "");
  assertEquals((await judge(box, "image")).issues, [
    { path: "oci-layout", expected: "a file", actual: "nothing" },
    { path: "blobs", expected: "a directory", actual: "nothing" },
    { path: "index.json", expected: "a file", actual: "nothing" },
  ]);
  const { code, stderr } = await box.gantry([
    "validate",
    "--type=manifest",
    "image",
  ]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "image is a directory, and no manifest");
});

Deno.test({
  name: "validate accepts the layouts of skopeo",
  ignore: !found("skopeo"),
  async fn() {
    await using box = await openSandbox();
    await box.write("hi.txt", "hi\n");
    await box.ok("push", `${box.host}/hi:v1`, "hi.txt");
    const { success, stderr } = await new Deno.Command("skopeo", {
      args: [
        "copy",
        "--src-tls-verify=false",
        `docker://${box.host}/hi:v1`,
        `oci:${box.folder}/image:v1`,
      ],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals((await judge(box, "image")).issues, []);
  },
});
