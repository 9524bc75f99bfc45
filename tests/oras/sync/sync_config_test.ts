import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ValidationError } from "../../../image/validation.ts";
import { parseSyncConfig } from "../../../oras/sync/parse_sync_config.ts";
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
  assertEquals(config.ignored, ["$.defaults.interval", "$.sync[0].schedule"]);
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

Deno.test("selectNames() matches whole names", () => {
  const names = ["a", "ab", "b"];
  assertEquals(selectNames(names), names);
  assertEquals(selectNames(names, { allow: ["a"] }), ["a"]);
  assertEquals(selectNames(names, { allow: ["a|b"] }), ["a", "b"]);
  assertEquals(selectNames(names, { allow: [] }), []);
  assertEquals(selectNames(names, { allow: ["a.*"], deny: ["ab"] }), ["a"]);
});

Deno.test("selectTags() takes versions in a range beside names", async () => {
  const tags = [
    "1.2",
    "1.2.3",
    "v1.9.0",
    "2.0.0-rc.1",
    "2.0.0",
    "latest",
    "sha256-x",
  ];
  assertEquals(await selectTags(tags), tags);
  assertEquals(await selectTags(tags, { semverRange: ["^1"] }), [
    "1.2.3",
    "v1.9.0",
  ]);
  assertEquals(
    await selectTags(tags, { semverRange: ["^1", ">=2.0.0-0 <3"] }),
    [
      "1.2.3",
      "v1.9.0",
      "2.0.0-rc.1",
      "2.0.0",
    ],
  );
  assertEquals(
    await selectTags(tags, {
      semverRange: [">=2"],
      allow: ["latest", "1.2"],
      deny: ["1.*"],
    }),
    ["2.0.0", "latest"],
  );
  await assertRejects(
    () => selectTags(tags, { semverRange: ["newest"] }),
    RangeError,
  );
});
