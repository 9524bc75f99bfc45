import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ValidationError } from "../../../image/validation.ts";
import { parseSyncConfig } from "../../../oras/sync/parse_sync_config.ts";
import type { TagRules } from "../../../oras/sync/sync_config.ts";
import { selectNames, selectTags } from "../../../oras/sync/select_names.ts";

Deno.test("parseSyncConfig() fills defaults in, and tells what has no effect", () => {
  const config = parseSyncConfig({
    version: 1,
    "x-anchors": { any: "thing" },
    creds: [{
      registry: "localhost:5000",
      tls: "disabled",
      user: "a",
      pass: "b",
    }],
    defaults: { parallel: 2, referrers: true, interval: "60m" },
    sync: [
      {
        source: "a/b:1",
        target: "c/d:1",
        type: "image",
        referrers: false,
        schedule: "* * * * *",
      },
      {
        source: "a",
        target: "b",
        type: "registry",
        repos: { deny: ["x"] },
        tags: { allow: ["v.*"] },
      },
    ],
  });
  assertEquals(config.parallel, 2);
  assertEquals(config.creds[0]?.tls, "disabled");
  assertEquals(config.sync.map(({ referrers }) => referrers), [false, true]);
  assertEquals(config.sync[1]?.tags?.allow, ["v.*"]);
  assertEquals(config.ignored.map(({ path }) => path), [
    "$.defaults.interval",
    "$.sync[0].schedule",
  ]);
  assertEquals(parseSyncConfig({ sync: [] }).parallel, 4);
});

Deno.test("parseSyncConfig() reports every problem, and shows no password", () => {
  const error = assertThrows(
    () =>
      parseSyncConfig({
        version: 2,
        creds: [{ registry: 1, pass: 12345678, tls: "maybe" }],
        defaults: { parallel: 0, referers: true },
        sync: [
          { source: "a", type: "images", tags: { allow: ["("] } },
          { source: "a:1", target: "b:1", type: "image", tags: {}, repos: {} },
          "x",
        ],
      }),
    ValidationError,
  );
  assertEquals(error.issues.map(({ path }) => path).sort(), [
    "$.creds[0].pass",
    "$.creds[0].registry",
    "$.creds[0].tls",
    "$.defaults.parallel",
    "$.defaults.referers",
    "$.sync[0].tags.allow[0]",
    "$.sync[0].target",
    "$.sync[0].type",
    "$.sync[1].repos",
    "$.sync[1].tags",
    "$.sync[2]",
    "$.version",
  ]);
  assertEquals(JSON.stringify(error.issues).includes("12345678"), false);
  for (const value of [null, [], "x", {}, { sync: {} }]) {
    assertThrows(() => parseSyncConfig(value), ValidationError);
  }
});

Deno.test("parseSyncConfig() tells what is wrong with values that hold themselves, or one part many times", () => {
  const ring: unknown[] = [];
  ring.push(ring);
  let heap: unknown[] = ["lol"];
  for (let depth = 0; depth < 40; depth++) heap = Array(10).fill(heap);
  const knot: Record<string, unknown> = { source: "a/b", target: "c/d" };
  knot.type = knot;
  for (const sync of [ring, heap, [knot]]) {
    const error = assertThrows(
      () => parseSyncConfig({ sync }),
      ValidationError,
    );
    assertEquals(error.issues.map(({ path }) => path.slice(0, 9)), [
      ...sync.map((_, index) => `$.sync[${index}]`),
    ]);
  }
});

Deno.test("parseSyncConfig() refuses numbers that count nothing, and a registry told of twice", () => {
  const registry = "registry.example";
  const error = assertThrows(
    () =>
      parseSyncConfig({
        defaults: { parallel: 1e300 },
        creds: [
          { registry },
          { registry: "other.example", user: "one" },
          { registry, user: "two" },
        ],
        sync: [],
      }),
    ValidationError,
  );
  assertEquals(error.issues.map(({ path }) => path), [
    "$.defaults.parallel",
    "$.creds[2].registry",
  ]);
});

Deno.test("selectNames() matches whole names", () => {
  const names = ["a", "ab", "b"];
  assertEquals(selectNames(names), names);
  assertEquals(selectNames(names, { allow: ["a"] }), ["a"]);
  assertEquals(selectNames(names, { allow: ["a|b"] }), ["a", "b"]);
  assertEquals(selectNames(names, { allow: [] }), []);
  assertEquals(selectNames(names, { allow: ["a.*"], deny: ["ab"] }), ["a"]);
});

Deno.test("selectNames() reads the expressions of Go", () => {
  const names = ["v1-rc.1", "V1", "a_b"];
  const cases: readonly [string, readonly string[]][] = [
    ["(?i)v\\d.*", ["v1-rc.1", "V1"]],
    ["v[\\w-.]+", ["v1-rc.1"]],
    ["v1\\-rc\\.[0-9]", ["v1-rc.1"]],
    ["[a-z_-]+", ["a_b"]],
  ];
  for (const [pattern, expected] of cases) {
    assertEquals(selectNames(names, { allow: [pattern] }), expected, pattern);
  }
  const bad = ["(", "a)(b", "[[:alpha:]]+", "\\Av1\\z", "a(?i)b", "(?P<x>a)"];
  for (const pattern of bad) {
    assertThrows(() => selectNames(names, { deny: [pattern] }), SyntaxError);
  }
});

Deno.test("selectTags() takes versions in a range", async () => {
  const tags = [
    "1.2",
    "1.2.3",
    "v1.9.0",
    "2.0.0-rc.1",
    "2.0.0",
    "v2-alpine",
    "03.01",
    "latest",
    "1.2.3.4",
    "99999999999999999999",
    "sha256-x",
  ];
  const cases: readonly [
    TagRules | readonly TagRules[],
    readonly string[],
  ][] = [
    [{}, tags],
    [[], []],
    [{ semverRange: ["^1"] }, ["1.2", "1.2.3", "v1.9.0"]],
    [{ semverRange: ["1.2"] }, ["1.2", "1.2.3"]],
    // What has a suffix comes before the version without, as everywhere in semver.
    [{ semverRange: [">=1.3 <1.9", ">=2.0.0 <3"] }, ["2.0.0"]],
    [{ semverRange: [">=1.3 <2.0.0"] }, ["v1.9.0", "2.0.0-rc.1", "v2-alpine"]],
    [{ semverRange: [">=2"], deny: ["3.*", "0.*"] }, [
      "2.0.0-rc.1",
      "2.0.0",
      "v2-alpine",
    ]],
    [{ semverRange: [">=2"], allow: [".*-alpine", "latest"] }, ["v2-alpine"]],
    [{ semverRange: ["3.1"] }, ["03.01"]],
    [[{ allow: ["latest"] }, { semverRange: ["~1.2"] }], [
      "1.2",
      "1.2.3",
      "latest",
    ]],
  ];
  for (const [rules, expected] of cases) {
    const seen = await selectTags(tags, rules);
    assertEquals(seen, expected, JSON.stringify(rules));
  }
  await assertRejects(
    () => selectTags(tags, { semverRange: ["newest"] }),
    RangeError,
  );
});

Deno.test("parseSyncConfig() tells why fields of regsync are refused or ignored", () => {
  const config = parseSyncConfig({
    creds: [{ registry: "index.docker.io", blobMax: 1, reqPerSec: 0.5 }],
    defaults: { fastCopy: true, ratelimit: { min: 1 } },
    sync: [{
      source: "a",
      target: "b",
      type: "repository",
      tags: { allow: [], semverRange: null },
      tagSets: [{ allow: ["x"] }, { semverRange: ["1"] }],
      hooks: {},
      platforms: ["linux/amd64"],
      fastCheck: false,
    }],
  });
  assertEquals(config.creds[0]?.registry, "docker.io");
  assertEquals(config.creds[0]?.reqPerSec, 0.5);
  assertEquals(config.sync[0]?.tags, {});
  assertEquals(config.sync[0]?.tagSets?.length, 2);
  assertEquals(config.sync[0]?.fastCheck, false);
  assertEquals(config.ignored.map(({ path }) => path).sort(), [
    "$.creds[0].blobMax",
    "$.defaults.ratelimit",
    "$.sync[0].hooks",
    "$.sync[0].platforms",
  ]);
  const error = assertThrows(
    () =>
      parseSyncConfig({
        creds: [{
          registry: "user:secret@host",
          token: "secret",
          reqConcurrent: 1.5,
        }],
        defaults: { skipDockerConfig: true },
        sync: [{
          source: "a",
          target: "b",
          type: "image",
          referrerTarget: "c",
          tagSets: [],
        }],
      }),
    ValidationError,
  );
  assertEquals(error.issues.map(({ path }) => path).sort(), [
    "$.creds[0].registry",
    "$.creds[0].reqConcurrent",
    "$.creds[0].token",
    "$.defaults.skipDockerConfig",
    "$.sync[0].referrerTarget",
    "$.sync[0].tagSets",
  ]);
  assertEquals(JSON.stringify(error.issues).includes("secret"), false);
});
