import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Digest, DigestMismatchError } from "@gantry/oci/digest";
import {
  EMPTY_DESCRIPTOR,
  isIndex,
  isManifest,
  MediaTypes,
  parseManifest,
  parseManifestContent,
  successors,
  ValidationError,
} from "@gantry/oci/image";

const MANIFEST = { schemaVersion: 2, config: EMPTY_DESCRIPTOR, layers: [] };
const INDEX = { schemaVersion: 2, manifests: [] };

function bytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value, null, 3));
}

Deno.test("parseManifestContent() keeps the bytes and computes their descriptor", async () => {
  const content = bytes({
    layers: [],
    config: EMPTY_DESCRIPTOR,
    "x": 1,
    schemaVersion: 2,
  });
  const parsed = await parseManifestContent(content, {
    mediaType: "Application/vnd.oci.image.manifest.v1+JSON; charset=utf-8",
  });
  assertEquals(parsed.bytes, content);
  assertEquals(parsed.descriptor, {
    mediaType: MediaTypes.manifest,
    digest: String(await Digest.fromBytes(content)),
    size: content.byteLength,
  });
  assertEquals(Object.keys(parsed.value), [
    "layers",
    "config",
    "x",
    "schemaVersion",
  ]);
});

Deno.test("parseManifestContent() checks the digest expected, in its algorithm", async () => {
  const content = bytes(INDEX);
  const digest = String(
    await Digest.fromBytes(content, { algorithm: "sha512" }),
  );
  const parsed = await parseManifestContent(content, { digest });
  assertEquals(parsed.descriptor.digest, digest);
  const other = String(await Digest.fromString("other"));
  await assertRejects(
    // Damaged content is not even parsed.
    () => parseManifestContent(bytes("damaged"), { digest: other }),
    DigestMismatchError,
  );
});

/** Documents, what the sender calls them, and what comes of it: a media type, or where the issues are. */
const CASES: [string, unknown, string | undefined, string | string[]][] = [
  ["a manifest by its structure", MANIFEST, undefined, MediaTypes.manifest],
  ["an index by its structure", INDEX, undefined, MediaTypes.index],
  [
    "Docker's manifest by its content type",
    MANIFEST,
    MediaTypes.dockerManifest,
    MediaTypes.dockerManifest,
  ],
  [
    "Docker's list by its own type",
    { ...INDEX, mediaType: MediaTypes.dockerManifestList },
    "application/json",
    MediaTypes.dockerManifestList,
  ],
  [
    "a manifest of a type of one's own",
    MANIFEST,
    "application/customized+json",
    "application/customized+json",
  ],
  [
    "schema 1, as it is",
    { schemaVersion: 1, fsLayers: [] },
    MediaTypes.dockerSchema1Signed,
    MediaTypes.dockerSchema1Signed,
  ],
  [
    "the withdrawn artifact manifest",
    {
      mediaType: "application/vnd.oci.artifact.manifest.v1+json",
      blobs: [EMPTY_DESCRIPTOR],
    },
    undefined,
    "application/vnd.oci.artifact.manifest.v1+json",
  ],
  ["an index that is sent as a manifest", INDEX, MediaTypes.manifest, [
    "$.config",
    "$.layers",
    "$.manifests",
  ]],
  ["a manifest that is sent as an index", MANIFEST, MediaTypes.index, [
    "$.manifests",
    "$.config",
    "$.layers",
  ]],
  [
    "a mixture sent as a manifest",
    { ...MANIFEST, ...INDEX },
    MediaTypes.manifest,
    ["$.manifests"],
  ],
  ["a mixture sent as an index", { ...MANIFEST, ...INDEX }, MediaTypes.index, [
    "$.config",
    "$.layers",
  ]],
  ["a mixture sent as nothing", { ...MANIFEST, ...INDEX }, undefined, [
    "$.config",
    "$.layers",
  ]],
  [
    "a mixture sent as something else",
    { ...MANIFEST, ...INDEX },
    "application/x",
    ["$.config", "$.layers"],
  ],
  [
    "a type that contradicts the content type",
    { ...MANIFEST, mediaType: MediaTypes.manifest },
    MediaTypes.dockerManifest,
    ["$.mediaType"],
  ],
  ["a document of no kind", { schemaVersion: 2 }, undefined, ["$"]],
  ["a list", [], MediaTypes.manifest, ["$"]],
];

for (const [what, value, mediaType, expected] of CASES) {
  Deno.test(`parseManifestContent() judges ${what}`, async () => {
    const parse = () => parseManifestContent(bytes(value), { mediaType });
    if (typeof expected === "string") {
      assertEquals((await parse()).descriptor.mediaType, expected);
      return;
    }
    const { issues } = await assertRejects(parse, ValidationError);
    assertEquals(issues.map(({ path }) => path), expected);
  });
}

Deno.test("parseManifest() reads Go's null as nothing at level wire", () => {
  const value = {
    schemaVersion: 2,
    annotations: null,
    subject: null,
    config: { ...EMPTY_DESCRIPTOR, urls: null },
    layers: null,
  };
  assertEquals<unknown>(parseManifest(bytes(value)), {
    schemaVersion: 2,
    config: EMPTY_DESCRIPTOR,
    layers: [],
  });
  assertThrows(
    () => parseManifest(bytes(value), { level: "schema" }),
    ValidationError,
  );
});

Deno.test("isManifest() and isIndex() say no to other documents", () => {
  for (
    const value of [undefined, null, 1, [], {}, { layers: [] }, { config: {} }]
  ) {
    assertEquals([isManifest(value), isIndex(value)], [false, false]);
  }
});

Deno.test("successors() lists what a document points at", () => {
  const one = { ...EMPTY_DESCRIPTOR, size: 1 };
  const two = { ...EMPTY_DESCRIPTOR, size: 2 };
  const three = { ...EMPTY_DESCRIPTOR, size: 3 };
  assertEquals(
    successors({
      schemaVersion: 2,
      layers: [three],
      config: two,
      subject: one,
    }),
    [one, two, three],
  );
  assertEquals(successors({ schemaVersion: 2, manifests: [one, two] }), [
    one,
    two,
  ]);
});
