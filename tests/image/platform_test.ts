import { assertEquals, assertThrows } from "@std/assert";
import {
  EMPTY_DESCRIPTOR,
  formatPlatform,
  hostPlatform,
  matchPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
  selectPlatform,
} from "@gantry/oci/image";

const PARSED: Record<string, string> = {
  "linux/amd64": "linux/amd64",
  "Linux/X86_64": "linux/amd64",
  "linux/x86-64": "linux/amd64",
  "linux/amd64/v1": "linux/amd64",
  "linux/amd64/v3": "linux/amd64/v3",
  "linux/i386": "linux/386",
  "linux/aarch64": "linux/arm64",
  "linux/arm64/v8": "linux/arm64",
  "linux/arm64/8": "linux/arm64",
  "linux/arm64/v9": "linux/arm64/v9",
  "linux/arm": "linux/arm/v7",
  "linux/armhf": "linux/arm/v7",
  "linux/armel": "linux/arm/v6",
  "linux/arm/6": "linux/arm/v6",
  "linux/armhf/v6": "linux/arm/v6",
  "linux/ppc64le": "linux/ppc64le",
  "macos/arm64": "darwin/arm64",
  "windows/amd64:10.0.17763.1234": "windows/amd64:10.0.17763.1234",
  "linux/arm/v6:5.4": "linux/arm/v6:5.4",
  linux: `linux/${hostPlatform().architecture}`,
};

for (const [text, expected] of Object.entries(PARSED)) {
  Deno.test(`parsePlatform() reads ${text}`, () => {
    const platform = parsePlatform(text);
    if (text !== "linux") assertEquals(formatPlatform(platform), expected);
    else assertEquals(platform.os, "linux");
    assertEquals(normalizePlatform(platform), platform);
  });
}

Deno.test("parsePlatform() refuses what is no platform", () => {
  for (
    const text of [
      "",
      "/",
      "linux/",
      "linux//v7",
      "a/b/c/d",
      "linux/a b",
      "linux/amd64:",
      ":1",
    ]
  ) {
    assertThrows(() => parsePlatform(text), TypeError, "Cannot parse platform");
  }
});

/** Wanted, offered, and whether it runs. */
const MATCHES: [string, string, boolean][] = [
  ["linux/amd64", "linux/amd64", true],
  ["linux/amd64", "linux/arm64", false],
  ["linux/amd64", "windows/amd64", false],
  ["linux/amd64", "linux/amd64/v2", false],
  ["linux/amd64/v3", "linux/amd64/v2", true],
  ["linux/amd64/v3", "linux/amd64", true],
  ["linux/arm64", "linux/arm64/v8", true],
  ["linux/arm64/v8.1", "linux/arm64", true],
  ["linux/arm64", "linux/arm64/v8.1", false],
  ["linux/arm", "linux/arm/v5", true],
  ["linux/arm/v6", "linux/arm/v7", false],
  ["linux/ppc64le/power9", "linux/ppc64le/power9", true],
  ["linux/ppc64le/power9", "linux/ppc64le/power8", false],
  ["linux/amd64:5", "linux/amd64", false],
  ["linux/amd64", "linux/amd64:5", true],
  ["windows/amd64:10.0.17763", "windows/amd64:10.0.17763.99", true],
  ["windows/amd64:10.0.1776", "windows/amd64:10.0.17763", false],
];

for (const [wanted, offered, expected] of MATCHES) {
  Deno.test(`matchPlatform() says ${expected} to ${offered} where ${wanted} is wanted`, () => {
    assertEquals(
      matchPlatform(parsePlatform(wanted), parsePlatform(offered)),
      expected,
    );
  });
}

Deno.test("formatPlatform() writes what a document lacks as unknown", () => {
  const cases: readonly [unknown, string][] = [
    [{}, "unknown/unknown"],
    [{ os: "linux", variant: {} }, "linux/unknown"],
    [{ architecture: "arm", os: 5, variant: "v7" }, "unknown/arm/v7"],
  ];
  for (const [platform, text] of cases) {
    assertEquals(formatPlatform(platform as Platform), text);
  }
});

Deno.test("matchPlatform() asks for the features wanted", () => {
  const offered = {
    architecture: "amd64",
    os: "windows",
    "os.features": ["win32k"],
  };
  const wanted = { architecture: "amd64", os: "windows" };
  assertEquals(
    matchPlatform({ ...wanted, "os.features": ["win32k"] }, offered),
    true,
  );
  assertEquals(
    matchPlatform({ ...wanted, "os.features": ["other"] }, offered),
    false,
  );
});

Deno.test("selectPlatform() takes the best entry, and of equals the first", () => {
  const entry = (text: string, name: string) => ({
    ...EMPTY_DESCRIPTOR,
    annotations: { name },
    platform: parsePlatform(text),
  });
  const manifests = [
    { ...EMPTY_DESCRIPTOR },
    entry("unknown/unknown", "attestation"),
    entry("linux/arm/v5", "v5"),
    entry("linux/arm/v7", "first v7"),
    entry("linux/arm/v7", "second v7"),
    entry("linux/arm/v8", "v8"),
    entry("linux/amd64", "amd64"),
    entry("linux/amd64/v2", "amd64 v2"),
  ];
  const cases: Record<string, string | undefined> = {
    "linux/arm": "first v7",
    "linux/arm/v6": "v5",
    "linux/arm/v8": "v8",
    "linux/amd64": "amd64",
    "linux/amd64/v4": "amd64 v2",
    "linux/s390x": undefined,
  };
  for (const [wanted, name] of Object.entries(cases)) {
    const found = selectPlatform(manifests, parsePlatform(wanted));
    assertEquals(found?.annotations?.name, name, wanted);
  }
});
