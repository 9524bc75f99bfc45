import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  assertDescriptor,
  assertIndex,
  assertManifest,
  EMPTY_DESCRIPTOR,
  JsonError,
  parseImageConfig,
  parseJson,
  validateDescriptor,
  validateImageConfig,
  validateImageLayout,
  validateIndex,
  validateLayoutIndex,
  validateManifest,
  ValidationError,
  type ValidationIssue,
} from "@gantry/oci/image";

const HEX = "5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

function paths(issues: readonly ValidationIssue[]): string[] {
  return issues.map(({ path }) => path);
}

const descriptor = {
  mediaType: MANIFEST,
  size: 7682,
  digest: `sha256:${HEX}`,
};

/** What is changed in a good descriptor, and where `schema` and `wire` then see issues. */
const DESCRIPTORS: [string, Record<string, unknown>, string[], string[]][] = [
  ["nothing", {}, [], []],
  ["no media type", { mediaType: undefined }, ["mediaType"], ["mediaType"]],
  ["a type without subtype", { mediaType: "application" }, ["mediaType"], []],
  ["a type with a leading dot", { mediaType: ".foo/bar" }, ["mediaType"], []],
  [
    "a subtype with a leading dot",
    { mediaType: "foo/.bar" },
    ["mediaType"],
    [],
  ],
  [
    "halves of 127",
    { mediaType: `${"1".repeat(127)}/${"2".repeat(127)}` },
    [],
    [],
  ],
  ["a half of 128", { mediaType: `${"1".repeat(128)}/bar` }, ["mediaType"], []],
  ["another half of 128", { mediaType: `foo/${"1".repeat(128)}` }, [
    "mediaType",
  ], []],
  ["three halves", { mediaType: "a/b/c" }, ["mediaType"], []],
  ["a parameter", { mediaType: "a/b;c" }, ["mediaType"], []],
  ["no size", { size: undefined }, ["size"], ["size"]],
  ["a size as text", { size: "7682" }, ["size"], ["size"]],
  ["a size of 0", { size: 0 }, [], []],
  ["a negative size", { size: -1 }, ["size"], ["size"]],
  ["a broken size", { size: 1.5 }, ["size"], ["size"]],
  ["a size that was rounded", { size: 9007199254740993 }, ["size"], ["size"]],
  ["a size of true", { size: true }, ["size"], ["size"]],
  ["no digest", { digest: undefined }, ["digest"], ["digest"]],
  ["a digest without algorithm", { digest: `:${HEX}` }, ["digest"], ["digest"]],
  ["a digest without content", { digest: "sha256" }, ["digest"], ["digest"]],
  ["an algorithm in upper case", { digest: `SHA256:${HEX}` }, ["digest"], [
    "digest",
  ]],
  ["hex in upper case", { digest: `sha256:${HEX.toUpperCase()}` }, ["digest"], [
    "digest",
  ]],
  ["a short digest", { digest: "sha256:abc" }, ["digest"], ["digest"]],
  ["a path as a digest", { digest: "sha256:../../x" }, ["digest"], ["digest"]],
  ["an algorithm with a suffix", { digest: `sha256+b64:${HEX}` }, [], []],
  ["two separators", { digest: `sha256+foo+-b:${HEX}` }, ["digest"], [
    "digest",
  ]],
  [
    "an algorithm unknown here",
    { digest: "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564" },
    [],
    [],
  ],
  ["a URL", { urls: ["https://example.com/foo"] }, [], []],
  ["a URL that is none", { urls: ["value"] }, ["urls[0]"], []],
  ["a URL with a space", { urls: ["xx https://ok"] }, ["urls[0]"], []],
  ["URLs that are no list", { urls: "https://x" }, ["urls"], ["urls"]],
  ["a number as a URL", { urls: ["https://x", 1] }, ["urls[1]"], ["urls[1]"]],
  ["annotations", { annotations: { "": "", a: "b" } }, [], []],
  ["a number as an annotation", { annotations: { "a.b": 1 } }, [
    "annotations['a.b']",
  ], ["annotations['a.b']"]],
  ["annotations as a list", { annotations: [] }, ["annotations"], [
    "annotations",
  ]],
  [
    "nulls where nothing need be",
    {
      urls: null,
      annotations: null,
      data: null,
      platform: null,
      artifactType: null,
    },
    [],
    [],
  ],
  ["data that is no base64", { size: 3, data: "a" }, ["data"], []],
  ["data of another length", { size: 3, data: "e30=" }, ["data"], []],
  ["data", { size: 2, data: "e30=" }, [], []],
  ["an artifact type", { artifactType: "a/b" }, [], []],
  [
    "an artifact type that is none",
    { artifactType: "a" },
    ["artifactType"],
    [],
  ],
  ["a platform without architecture", { platform: { os: "linux" } }, [
    "platform.architecture",
  ], []],
  [
    "a platform",
    {
      platform: {
        os: "linux",
        architecture: "arm",
        variant: "v7",
        "os.features": ["x"],
      },
    },
    [],
    [],
  ],
  ["unknown fields", { more: { of: "this" } }, [], []],
];

for (const [what, change, schema, wire] of DESCRIPTORS) {
  Deno.test(`validateDescriptor() judges a descriptor with ${what}`, () => {
    const value = JSON.parse(JSON.stringify({ ...descriptor, ...change }));
    const under = (keys: string[]) => keys.map((key) => `$.${key}`);
    assertEquals(paths(validateDescriptor(value)), under(schema));
    assertEquals(
      paths(validateDescriptor(value, { level: "wire" })),
      under(wire),
    );
  });
}

const config = { ...descriptor, mediaType: CONFIG };
const layer = { ...descriptor, mediaType: LAYER };
const manifest = {
  schemaVersion: 2,
  mediaType: MANIFEST,
  config,
  layers: [layer],
};

/** What is changed in a good manifest, and where `schema` and `wire` then see issues. */
const MANIFESTS: [string, Record<string, unknown>, string[], string[]][] = [
  ["nothing", {}, [], []],
  ["no media type", { mediaType: undefined }, [], []],
  ["another version", { schemaVersion: 3 }, ["$.schemaVersion"], [
    "$.schemaVersion",
  ]],
  ["a version as text", { schemaVersion: "2" }, ["$.schemaVersion"], [
    "$.schemaVersion",
  ]],
  ["no config", { config: undefined }, ["$.config"], ["$.config"]],
  ["a config that is none", { config: { size: "1" } }, [
    "$.config.mediaType",
    "$.config.digest",
    "$.config.size",
  ], ["$.config.mediaType", "$.config.digest", "$.config.size"]],
  ["no layers field", { layers: undefined }, ["$.layers"], ["$.layers"]],
  ["no layers", { layers: [] }, ["$.layers"], []],
  ["null for layers", { layers: null }, ["$.layers"], []],
  [
    "a bad layer among good ones",
    { layers: [layer, { ...layer, size: "675598" }, null] },
    ["$.layers[1].size", "$.layers[2]"],
    ["$.layers[1].size", "$.layers[2]"],
  ],
  [
    "an index's type",
    { mediaType: "application/vnd.oci.image.index.v1+json" },
    ["$.mediaType"],
    [],
  ],
  [
    "Docker's type",
    { mediaType: "application/vnd.docker.distribution.manifest.v2+json" },
    [],
    [],
  ],
  ["an empty config and no type", { config: EMPTY_DESCRIPTOR }, [
    "$.artifactType",
  ], []],
  ["a subject", { subject: descriptor }, [], []],
  ["a bad subject", { subject: {} }, [
    "$.subject.mediaType",
    "$.subject.digest",
    "$.subject.size",
  ], ["$.subject.mediaType", "$.subject.digest", "$.subject.size"]],
  ["an index's field", { manifests: [] }, ["$.manifests"], ["$.manifests"]],
  ["schema 1's field", { fsLayers: [] }, ["$.fsLayers"], ["$.fsLayers"]],
  ["unknown fields", { more: 1 }, [], []],
];

for (const [what, change, schema, wire] of MANIFESTS) {
  Deno.test(`validateManifest() judges a manifest with ${what}`, () => {
    const value = JSON.parse(JSON.stringify({ ...manifest, ...change }));
    assertEquals(paths(validateManifest(value)), schema);
    assertEquals(paths(validateManifest(value, { level: "wire" })), wire);
  });
}

Deno.test("validateManifest() asks for image types in the profile image", () => {
  const image = { profile: "image" } as const;
  assertEquals(validateManifest(manifest, image), []);
  const artifact = {
    ...manifest,
    artifactType: "a/b",
    config: EMPTY_DESCRIPTOR,
    layers: [layer, { ...layer, mediaType: "text/plain" }],
  };
  assertEquals(validateManifest(artifact), []);
  assertEquals(paths(validateManifest(artifact, image)), [
    "$.config.mediaType",
    "$.layers[1].mediaType",
  ]);
});

const INDEXES: [string, Record<string, unknown>, string[], string[]][] = [
  ["nothing", {}, [], []],
  ["no manifests", { manifests: [] }, [], []],
  ["no manifests field", { manifests: undefined }, ["$.manifests"], [
    "$.manifests",
  ]],
  ["null for manifests", { manifests: null }, ["$.manifests"], []],
  [
    "a type that is none",
    { manifests: [{ ...descriptor, mediaType: "invalid" }] },
    ["$.manifests[0].mediaType"],
    [],
  ],
  [
    "a type of one's own",
    {
      manifests: [{
        ...descriptor,
        mediaType: "application/customized.manifest+json",
      }],
    },
    [],
    [],
  ],
  ["a size as text", { manifests: [{ ...descriptor, size: "7682" }] }, [
    "$.manifests[0].size",
  ], ["$.manifests[0].size"]],
  [
    "a platform without architecture",
    { manifests: [{ ...descriptor, platform: { os: "linux" } }] },
    ["$.manifests[0].platform.architecture"],
    [],
  ],
  ["a manifest's fields", { config, layers: [] }, ["$.config", "$.layers"], [
    "$.config",
    "$.layers",
  ]],
];

for (const [what, change, schema, wire] of INDEXES) {
  Deno.test(`validateIndex() judges an index with ${what}`, () => {
    const value = JSON.parse(JSON.stringify({
      schemaVersion: 2,
      manifests: [descriptor],
      ...change,
    }));
    assertEquals(paths(validateIndex(value)), schema);
    assertEquals(paths(validateIndex(value, { level: "wire" })), wire);
  });
}

const image = {
  created: "2015-10-31T22:22:56.015925234Z",
  author: "Alyssa P. Hacker <alyspdev@example.com>",
  architecture: "amd64",
  os: "linux",
  config: {
    User: "1:1",
    ExposedPorts: { "8080/tcp": {} },
    Env: ["PATH=/bin", "FOO=docker_is_a_really", "EMPTY="],
    Entrypoint: ["/bin/sh"],
    Cmd: ["--foreground"],
    Volumes: { "/var/job-result-data": {} },
    StopSignal: "SIGKILL",
    WorkingDir: "/home/alice",
    Labels: {
      "com.example.project.git.url": "https://example.com/project.git",
    },
    Healthcheck: { Test: ["NONE"], Interval: 30e9 },
    ArgsEscaped: true,
  },
  rootfs: { type: "layers", diff_ids: [`sha256:${HEX}`] },
  history: [
    {
      created: "2015-10-31T22:22:54.690851953Z",
      created_by: "/bin/sh -c #(nop)",
    },
    { created: "2015-10-31T22:22:55+01:00", empty_layer: true },
  ],
};

const CONFIGS: [string, Record<string, unknown>, string[]][] = [
  ["everything", {}, []],
  [
    "the least",
    { created: null, author: null, config: null, history: null },
    [],
  ],
  ["a number for os", { os: 123 }, ["$.os"]],
  ["no rootfs", { rootfs: undefined }, ["$.rootfs"]],
  ["another rootfs", { rootfs: { type: "x", diff_ids: [1] } }, [
    "$.rootfs.type",
    "$.rootfs.diff_ids[0]",
  ]],
  ["a number for the user", { config: { User: 1234 } }, ["$.config.User"]],
  ["a text for history", { history: "should be an array" }, ["$.history"]],
  ["a number in Env", { config: { Env: [7353] } }, ["$.config.Env[0]"]],
  ["Env without value", { config: { Env: ["foo"] } }, ["$.config.Env[0]"]],
  ["a list for volumes", { config: { Volumes: ["/x"] } }, ["$.config.Volumes"]],
  ["a bad port", { config: { ExposedPorts: { http: {} } } }, [
    "$.config.ExposedPorts.http",
  ]],
  ["a date without time", { created: "2015-10-31" }, ["$.created"]],
  ["a number for a time", { created: 1 }, ["$.created"]],
];

for (const [what, change, expected] of CONFIGS) {
  Deno.test(`validateImageConfig() judges a config with ${what}`, () => {
    const value = JSON.parse(JSON.stringify({ ...image, ...change }));
    assertEquals(paths(validateImageConfig(value)), expected);
  });
}

Deno.test("validateImageConfig() minds what only a validator minds at level schema", () => {
  const value = JSON.parse(JSON.stringify(image));
  Object.assign(value.config, {
    Memory: 1.5,
    MemorySwap: "1",
    CpuShares: null,
    Healthcheck: { Test: "NONE", Interval: "30s", Retries: true },
    Shell: "/bin/sh",
    Tty: 1,
    Hostname: 1,
    Env: ["NAME"],
  });
  value.rootfs.diff_ids.push("sha256:1", "md5:0123");
  value.container_config = { WorkingDir: 1 };
  assertEquals(paths(validateImageConfig(value)), [
    "$.config.Env[0]",
    "$.config.Memory",
    "$.config.MemorySwap",
    "$.config.Shell",
    "$.config.Hostname",
    "$.config.Tty",
    "$.config.Healthcheck.Test",
    "$.config.Healthcheck.Interval",
    "$.config.Healthcheck.Retries",
    "$.container_config.WorkingDir",
    "$.rootfs.diff_ids[1]",
  ]);
  assertEquals(validateImageConfig(value, { level: "wire" }), []);
});

Deno.test("validators tell integers beyond 2^53 as they were written", () => {
  const digits = "9007199254740993";
  const text = JSON.stringify({
    ...image,
    config: { Memory: 1, MemorySwap: 2 },
  }).replace('"Memory":1', `"Memory":${digits}`)
    .replace('"MemorySwap":2', '"MemorySwap":92233720368547758070');
  const bytes = new TextEncoder().encode(text);
  assertEquals(validateImageConfig(parseJson(bytes)), [{
    path: "$.config.MemorySwap",
    expected: "an integer of 64 bits",
    actual: "92233720368547758070",
  }]);
  const large = JSON.stringify(descriptor).replace("7682", digits);
  const [issue] = validateDescriptor(
    parseJson(new TextEncoder().encode(large)),
    { level: "wire" },
  );
  assertEquals([issue!.path, issue!.actual], ["$.size", digits]);
});

Deno.test("validateLayoutIndex() judges names of references at level schema", () => {
  const names: [unknown, boolean][] = [
    ["v1.0", true],
    ["registry.example:5000/team/app:v1@x+y", true],
    ["a--b", true],
    ["a---b", false],
    ["", false],
    ["/v1", false],
    ["v1/", false],
    ["a b", false],
    ["v1-", false],
  ];
  for (const [name, good] of names) {
    const value = {
      schemaVersion: 2,
      manifests: [{
        ...descriptor,
        annotations: { "org.opencontainers.image.ref.name": name },
      }],
    };
    const issues = validateLayoutIndex(value);
    assertEquals([name, issues.length === 0], [name, good]);
    assertEquals(validateLayoutIndex(value, { level: "wire" }), []);
  }
  assertEquals(paths(validateLayoutIndex({ manifests: {} })), [
    "$.schemaVersion",
    "$.manifests",
  ]);
});

Deno.test("validateImageLayout() judges versions", () => {
  const cases: [unknown, boolean, boolean][] = [
    ["1.0.0", true, true],
    ["1.1.0", false, true],
    ["2.0.0", false, false],
    ["1.0", false, false],
    [1.0, false, false],
    [undefined, false, false],
  ];
  for (const [imageLayoutVersion, schema, wire] of cases) {
    const value = { imageLayoutVersion };
    assertEquals(validateImageLayout(value).length === 0, schema);
    assertEquals(
      validateImageLayout(value, { level: "wire" }).length === 0,
      wire,
    );
  }
});

Deno.test("validators take any value for what it is", () => {
  for (const value of [undefined, null, 1, "x", true, []]) {
    for (
      const validate of [
        validateDescriptor,
        validateManifest,
        validateIndex,
        validateImageConfig,
        validateImageLayout,
      ]
    ) {
      assertEquals(paths(validate(value)), ["$"]);
    }
  }
});

Deno.test("assert…() throw all issues at once", () => {
  assertDescriptor(descriptor);
  assertManifest(manifest);
  assertIndex({ schemaVersion: 2, manifests: [] });
  const error = assertThrows(
    () => assertManifest({ config: { ...config, size: "x".repeat(200) } }),
    ValidationError,
    "Cannot accept manifest: $.schemaVersion: expected 2, found nothing (and 2 more problems)",
  );
  assertEquals(error.code, "VALIDATION_FAILED");
  assertEquals(paths(error.issues), [
    "$.schemaVersion",
    "$.config.size",
    "$.layers",
  ]);
  const actual = error.issues[1]!.actual;
  assert(actual.length === 80 && actual.endsWith("…"));
});

Deno.test("parseImageConfig() is as strict with options as without, unless it is told to be", () => {
  // Docker writes variables that are to be removed like this.
  const bytes = new TextEncoder().encode(
    '{"architecture":"amd64","os":"linux","config":{"Env":["GONE"]},' +
      '"rootfs":{"type":"layers","diff_ids":[]}}',
  );
  for (const options of [undefined, {}, { profile: "image" as const }]) {
    assertEquals(parseImageConfig(bytes, options).config?.Env, ["GONE"]);
  }
  assertThrows(
    () => parseImageConfig(bytes, { level: "schema" }),
    ValidationError,
  );
  assertThrows(() => parseImageConfig(bytes, { maxSize: 10 }), JsonError);
});
