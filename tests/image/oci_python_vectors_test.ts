import { assertEquals } from "@std/assert";
import {
  validateDescriptor,
  validateImageConfig,
  validateImageLayout,
  validateIndex,
  validateManifest,
} from "@gantry/oci/image";

/**
 * The documents that oci-python's own tests judge, and the first path at which they
 * are refused; nothing where they are accepted. Where the verdict differs, the row
 * says why.
 */
type Vector = readonly [what: string, value: unknown, refused?: string];

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const HEX = "5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270";
const CONFIG_HEX =
  "c86f7763873b6c0aae22d963bab59b4f5debbed6685761b5951584f6efb0633b";
const SHORT = "LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564";

const base = { mediaType: MANIFEST, size: 7682, digest: `sha256:${HEX}` };

function digest(text: string): Record<string, unknown> {
  return { mediaType: CONFIG, size: 1470, digest: text };
}

function without(value: object, key: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => name !== key),
  );
}

const DESCRIPTORS: readonly Vector[] = [
  ["base", base],
  ["no media type", without(base, "mediaType"), "$.mediaType"],
  ["application", { ...base, mediaType: "application" }, "$.mediaType"],
  [".foo/bar", { ...base, mediaType: ".foo/bar" }, "$.mediaType"],
  ["foo/.bar", { ...base, mediaType: "foo/.bar" }, "$.mediaType"],
  ["127/127", {
    ...base,
    mediaType: `${"1234567890".repeat(13).slice(0, 127)}/${
      "1234567890".repeat(13).slice(0, 127)
    }`,
  }],
  ["128/bar", {
    ...base,
    mediaType: `${"1234567890".repeat(13).slice(0, 128)}/bar`,
  }, "$.mediaType"],
  ["foo/128", {
    ...base,
    mediaType: `foo/${"1234567890".repeat(13).slice(0, 128)}`,
  }, "$.mediaType"],
  ["no size", without(base, "size"), "$.size"],
  ["size as text", { ...base, size: "7682" }, "$.size"],
  ["no digest", without(base, "digest"), "$.digest"],
  ["no algorithm", { ...base, digest: `:${HEX}` }, "$.digest"],
  ["no content", { ...base, digest: "sha256" }, "$.digest"],
  ["upper-case algorithm", { ...base, digest: `SHA256:${HEX}` }, "$.digest"],
  ["upper-case hex", {
    ...base,
    digest: `sha256:${HEX.toUpperCase()}`,
  }, "$.digest"],
  ["URL", { ...base, urls: ["https://example.com/foo"] }],
  ["no URL", { ...base, urls: ["value"] }, "$.urls[0]"],
  ["sha256+b64", digest(`sha256+b64:${CONFIG_HEX}`)],
  ["sha256+foo-bar", digest(`sha256+foo-bar:${CONFIG_HEX}`)],
  ["sha256.foo-bar", digest(`sha256.foo-bar:${CONFIG_HEX}`)],
  ["two separators", digest(`sha256+foo+-b:${CONFIG_HEX}`), "$.digest"],
  // There cut to sha256 and refused for the length; unknown algorithms pass here.
  ["sha256+b64u", digest(`sha256+b64u:${SHORT}`)],
  ["unknown length", digest(`sha256+b64u.unknownlength:${SHORT}=`)],
];

const ROOTFS = {
  diff_ids: [
    "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
  ],
  type: "layers",
};
const least = { architecture: "amd64", os: "linux", rootfs: ROOTFS };
const full = {
  created: "2015-10-31T22:22:56.015925234Z",
  author: "Alyssa P. Hacker <alyspdev@example.com>",
  architecture: "amd64",
  os: "linux",
  config: {
    User: "1:1",
    ExposedPorts: { "8080/tcp": {} },
    Env: [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "FOO=docker_is_a_really",
      "BAR=great_tool_you_know",
    ],
    Entrypoint: ["/bin/sh"],
    Cmd: ["--foreground", "--config", "/etc/my-app.d/default.cfg"],
    Volumes: { "/var/job-result-data": {}, "/var/log/my-app-logs": {} },
    StopSignal: "SIGKILL",
    WorkingDir: "/home/alice",
    Labels: { "com.example.project.git.commit": "45a939b2999782a3" },
  },
  rootfs: {
    diff_ids: [
      "sha256:9d3dd9504c685a304985025df4ed0283e47ac9ffa9bd0326fddf4d59513f0827",
      "sha256:2b689805fbd00b2db1df73fae47562faac1a626d5f61744bfe29946ecff5d73d",
    ],
    type: "layers",
  },
  history: [
    {
      created: "2015-10-31T22:22:54.690851953Z",
      created_by: "/bin/sh -c #(nop) ADD file:a3bc1e842b69636f9 in /",
    },
    {
      created: "2015-10-31T22:22:55.613815829Z",
      created_by: '/bin/sh -c #(nop) CMD ["sh"]',
      empty_layer: true,
    },
  ],
};

const CONFIGS: readonly Vector[] = [
  ["the least", least],
  ["everything", full],
  ["os is a number", { ...full, os: 123 }, "$.os"],
  ["User is a number", { ...least, config: { User: 1234 } }, "$.config.User"],
  ["history is a text", {
    ...least,
    history: "should be an array",
  }, "$.history"],
  ["Env of numbers", { ...least, config: { Env: [7353] } }, "$.config.Env[0]"],
  ["Volumes as a list", {
    ...least,
    config: { Volumes: ["/var/job-result-data"] },
  }, "$.config.Volumes"],
  ["Env without a value", {
    ...least,
    config: { Env: ["foo"] },
  }, "$.config.Env[0]"],
  // There an empty value is refused.
  ["Env of an empty value", { ...least, config: { Env: ["FOO="] } }],
];

const config = digest(`sha256:${CONFIG_HEX}`);
const layers = [
  ["9d3dd9504c685a304985025df4ed0283e47ac9ffa9bd0326fddf4d59513f0827", 675598],
  ["2b689805fbd00b2db1df73fae47562faac1a626d5f61744bfe29946ecff5d73d", 156],
  ["c57089565e894899735d458f0fd4bb17a0f1e0df8d72da392b85c9b35ee777cd", 148],
].map(([hex, size]) => ({
  mediaType: LAYER,
  size,
  digest: `sha256:${hex}`,
}));
const manifest = { schemaVersion: 2, config, layers };

function layered(algorithm: string): Record<string, unknown> {
  const [first, ...rest] = layers;
  const text = first!.digest.replace("sha256", algorithm);
  return { ...manifest, layers: [{ ...first!, digest: text }, ...rest] };
}

const MANIFESTS: readonly Vector[] = [
  ["three layers", manifest],
  ["annotations", {
    ...manifest,
    annotations: { key1: "value1", key2: "value2" },
  }],
  ["a config of no type", {
    ...manifest,
    config: { ...config, mediaType: "invalid" },
  }, "$.config.mediaType"],
  ["a config's size as text", {
    ...manifest,
    config: { ...config, size: "1470" },
  }, "$.config.size"],
  ["a layer's size as text", {
    ...manifest,
    layers: [{ ...layers[0], size: "675598" }],
  }, "$.layers[0].size"],
  ["no layers", { ...manifest, layers: [] }, "$.layers"],
  ["a config's suffix", {
    ...manifest,
    config: digest(`sha256+b64:${CONFIG_HEX}`),
  }],
  ["a layer's suffix", layered("sha256+foo-bar")],
  ["a layer's other suffix", layered("sha256.foo-bar")],
  ["two separators", layered("sha256+foo+-b"), "$.layers[0].digest"],
];

const entries = [
  {
    mediaType: MANIFEST,
    size: 7143,
    digest:
      "sha256:e692418e4cbaf90ca69d05a66403747baa33ee08806650b51fab815ad7fc331f",
    platform: { architecture: "ppc64le", os: "linux" },
  },
  { ...base, platform: { architecture: "amd64", os: "linux" } },
];
const index = { schemaVersion: 2, manifests: entries };

function indexOf(change: object): Record<string, unknown> {
  return { schemaVersion: 2, manifests: [{ ...entries[0], ...change }] };
}

const INDEXES: readonly Vector[] = [
  ["two platforms", index],
  ["annotations", { ...index, annotations: { "com.example.key1": "value1" } }],
  ["no platform", { schemaVersion: 2, manifests: [base] }],
  [
    "a type of one's own",
    indexOf({
      mediaType: "application/customized.manifest+json",
    }),
  ],
  ["no type", indexOf({ mediaType: "invalid" }), "$.manifests[0].mediaType"],
  ["an empty type", indexOf({ mediaType: "" }), "$.manifests[0].mediaType"],
  ["a size as text", indexOf({ size: "7682" }), "$.manifests[0].size"],
  [
    "no digest",
    { schemaVersion: 2, manifests: [without(entries[0]!, "digest")] },
    "$.manifests[0].digest",
  ],
  [
    "no architecture",
    indexOf({ platform: { os: "linux" } }),
    "$.manifests[0].platform.architecture",
  ],
];

const LAYOUTS: readonly Vector[] = [
  ["1.0.0", { imageLayoutVersion: "1.0.0" }],
  ["a number", { imageLayoutVersion: 1.0 }, "$.imageLayoutVersion"],
  ["1.0", { imageLayoutVersion: "1.0" }, "$.imageLayoutVersion"],
];

for (
  const [name, validate, vectors] of [
    ["validateDescriptor", validateDescriptor, DESCRIPTORS],
    ["validateImageConfig", validateImageConfig, CONFIGS],
    ["validateManifest", validateManifest, MANIFESTS],
    ["validateIndex", validateIndex, INDEXES],
    ["validateImageLayout", validateImageLayout, LAYOUTS],
  ] as const
) {
  for (const [what, value, refused] of vectors) {
    Deno.test(`${name}() judges oci-python's vector: ${what}`, () => {
      assertEquals(validate(value, { profile: "image" })[0]?.path, refused);
    });
  }
}
