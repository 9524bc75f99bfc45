import { assertEquals, assertThrows } from "@std/assert";
import {
  artifactManifest,
  encodeJson,
  imageIndex,
  validateManifest,
} from "@gantry/oci/image";

const DIGEST =
  "sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270";

function text(value: unknown): string {
  return new TextDecoder().decode(encodeJson(value));
}

Deno.test("encodeJson() orders the fields of every model", () => {
  const descriptor = {
    artifactType: "a/t",
    "x.extra": 1,
    platform: {
      variant: "v8",
      "os.features": ["f"],
      "os.version": "1",
      os: "linux",
      architecture: "arm64",
    },
    data: "e30=",
    annotations: { b: "2", a: "1" },
    urls: ["https://example.com"],
    size: 2,
    digest: DIGEST,
    mediaType: "m/t",
  };
  const expected = `{"mediaType":"m/t","digest":"${DIGEST}","size":2,` +
    `"urls":["https://example.com"],"annotations":{"a":"1","b":"2"},` +
    `"data":"e30=","platform":{"architecture":"arm64","os":"linux",` +
    `"os.version":"1","os.features":["f"],"variant":"v8"},` +
    `"artifactType":"a/t","x.extra":1}`;
  assertEquals(text(descriptor), expected);
  assertEquals(
    text({
      annotations: { z: "", a: "" },
      subject: descriptor,
      layers: [descriptor],
      config: descriptor,
      artifactType: "a/t",
      mediaType: "m/t",
      schemaVersion: 2,
    }),
    `{"schemaVersion":2,"mediaType":"m/t","artifactType":"a/t",` +
      `"config":${expected},"layers":[${expected}],"subject":${expected},` +
      `"annotations":{"a":"","z":""}}`,
  );
  assertEquals(
    text({ manifests: [descriptor], schemaVersion: 2 }),
    `{"schemaVersion":2,"manifests":[${expected}]}`,
  );
  assertEquals(
    text({
      rootfs: { diff_ids: [DIGEST], type: "layers" },
      history: [{ empty_layer: false, created_by: "x", created: "t" }],
      config: { Labels: { b: "", a: "" }, Env: ["A=b"], User: "" },
      os: "linux",
      architecture: "amd64",
    }),
    `{"architecture":"amd64","os":"linux",` +
      `"config":{"Env":["A=b"],"Labels":{"a":"","b":""}},` +
      `"rootfs":{"type":"layers","diff_ids":["${DIGEST}"]},` +
      `"history":[{"created":"t","created_by":"x"}]}`,
  );
});

Deno.test("encodeJson() writes single values as Go does", async (t) => {
  const cases: [unknown, string][] = [
    [
      "<a href='x'>&</a>",
      "\"\\u003ca href='x'\\u003e\\u0026\\u003c/a\\u003e\"",
    ],
    ["\u2028\u2029", '"\\u2028\\u2029"'],
    ['"\\/', '"\\"\\\\/"'],
    ["\b\f\n\r\t\0\x1f\x7f", '"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'],
    ["日本 😀", '"日本 😀"'],
    ["\ud800", '"\ufffd"'],
    [{ b: 1, a: undefined, c: null }, '{"b":1,"c":null}'],
    [[], "[]"],
    [{}, "{}"],
    [9007199254740991, "9007199254740991"],
  ];
  for (const [value, expected] of cases) {
    await t.step(expected, () => assertEquals(text(value), expected));
  }
});

Deno.test("encodeJson() sorts maps by bytes, numbers and astral letters included", () => {
  const descriptor = { mediaType: "m/t", digest: DIGEST, size: 0 };
  const keys = ["10", "9", "!", "a", "B", "\u{10000}", "\uffee", "__proto__"];
  const annotations = Object.fromEntries(keys.map((key) => [key, ""]));
  assertEquals(
    text({ ...descriptor, annotations }),
    `{"mediaType":"m/t","digest":"${DIGEST}","size":0,"annotations":{` +
      `"!":"","10":"","9":"","B":"","__proto__":"","a":"","\uffee":"",` +
      `"\u{10000}":""}}`,
  );
});

Deno.test("encodeJson() leaves empty optional fields away, and no others", () => {
  assertEquals(
    text({
      schemaVersion: 2,
      mediaType: "",
      artifactType: "",
      config: { mediaType: "", digest: "", size: 0, urls: [], annotations: {} },
      layers: [],
      annotations: {},
    }),
    '{"schemaVersion":2,"config":{"mediaType":"","digest":"","size":0},"layers":[]}',
  );
});

Deno.test("encodeJson() refuses what has no JSON form", () => {
  for (
    const value of [undefined, Symbol(), NaN, Infinity, () => 1, [undefined]]
  ) {
    assertThrows(() => encodeJson(value), TypeError, "Cannot encode");
  }
});

const layer = { mediaType: "text/plain", digest: DIGEST, size: 3 };
const EMPTY =
  `"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2`;
const INLINE =
  `{"mediaType":"application/vnd.oci.empty.v1+json",${EMPTY},"data":"e30="}`;
const HEAD =
  `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"`;
const LAYER = `{"mediaType":"text/plain","digest":"${DIGEST}","size":3}`;

/** The forms of artifacts, as oras 1.3.3 writes them. */
const FORMS: Record<string, [Parameters<typeof artifactManifest>[0], string]> =
  {
    "v1.1 with files": [
      { artifactType: "a/t", layers: [layer] },
      `${HEAD},"artifactType":"a/t","config":${INLINE},"layers":[${LAYER}]}`,
    ],
    "v1.1 without files": [
      { artifactType: "a/t", annotations: { k: "v" } },
      `${HEAD},"artifactType":"a/t","config":${INLINE},"layers":[${INLINE}],"annotations":{"k":"v"}}`,
    ],
    "v1.1 without a type": [
      { layers: [layer] },
      `${HEAD},"artifactType":"application/vnd.unknown.artifact.v1","config":${INLINE},"layers":[${LAYER}]}`,
    ],
    "v1.1 with a config": [
      {
        config: { ...layer, mediaType: "c/t" },
        layers: [layer],
        subject: layer,
      },
      `${HEAD},"config":{"mediaType":"c/t","digest":"${DIGEST}","size":3},"layers":[${LAYER}],"subject":${LAYER}}`,
    ],
    "v1.0 with a type": [
      { imageSpec: "v1.0", artifactType: "a/t", layers: [layer] },
      `${HEAD},"config":{"mediaType":"a/t",${EMPTY}},"layers":[${LAYER}]}`,
    ],
    "v1.0 with nothing": [
      { imageSpec: "v1.0" },
      `${HEAD},"config":{"mediaType":"application/vnd.unknown.config.v1+json",${EMPTY}},"layers":[]}`,
    ],
    "v1.0 with a config": [
      { imageSpec: "v1.0", config: { ...layer, mediaType: "c/t" } },
      `${HEAD},"config":{"mediaType":"c/t","digest":"${DIGEST}","size":3},"layers":[]}`,
    ],
  };

for (const [what, [options, expected]] of Object.entries(FORMS)) {
  Deno.test(`artifactManifest() makes the form ${what}`, () => {
    const manifest = artifactManifest(options);
    assertEquals(text(manifest), expected);
    assertEquals(validateManifest(manifest, { level: "wire" }), []);
    if (!what.startsWith("v1.0")) assertEquals(validateManifest(manifest), []);
  });
}

Deno.test("artifactManifest() refuses what the 1.0 form cannot say", () => {
  const imageSpec = "v1.0";
  for (
    const options of [{ subject: layer }, {
      config: layer,
      artifactType: "a/t",
    }]
  ) {
    assertThrows(() => artifactManifest({ ...options, imageSpec }), TypeError);
  }
});

Deno.test("imageIndex() keeps the order of its manifests", () => {
  assertEquals(
    text(imageIndex([layer], { artifactType: "a/t", annotations: { k: "" } })),
    `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","artifactType":"a/t","manifests":[${LAYER}],"annotations":{"k":""}}`,
  );
});
