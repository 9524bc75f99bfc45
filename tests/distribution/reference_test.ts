import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  InvalidReferenceError,
  isRepositoryName,
  isTag,
  parseRegistryName,
  Reference,
  type ReferenceErrorCode,
} from "@gantry/oci/distribution";
import { inspect } from "../_support/inspect.ts";

const HEX = "e58fcf7418d4390dec8e8fb69d88c06ec07039d651fedd3aa72af9972e7d046b";
const SHA256 = `sha256:${HEX}`;
const SHA512 = `sha512:${HEX}${HEX}`;

/** Text, registry, repository, tag, digest. */
const VALID: [string, string, string, (string | undefined)?, string?][] = [
  ["alpine", "docker.io", "library/alpine"],
  ["alpine:3.20", "docker.io", "library/alpine", "3.20"],
  ["localhost", "docker.io", "library/localhost"],
  ["example.com", "docker.io", "library/example.com"],
  ["team/app", "docker.io", "team/app"],
  ["docker.io/alpine", "docker.io", "library/alpine"],
  ["docker.io/library/alpine", "docker.io", "library/alpine"],
  ["index.docker.io/alpine:1", "docker.io", "library/alpine", "1"],
  ["docker.io/team/app", "docker.io", "team/app"],
  ["localhost/app", "localhost", "app"],
  ["localhost:5000/app", "localhost:5000", "app"],
  ["localhost:5000/app:v1", "localhost:5000", "app", "v1"],
  ["127.0.0.1/app", "127.0.0.1", "app"],
  ["127.0.0.1:5000/team/app:v1", "127.0.0.1:5000", "team/app", "v1"],
  ["[::1]/app", "[::1]", "app"],
  ["[::1]:5000/app:v1", "[::1]:5000", "app", "v1"],
  ["[2001:db8::1]:5000/a/b", "[2001:db8::1]:5000", "a/b"],
  ["Registry/app", "Registry", "app"],
  ["ghcr.io/a/b/c/d:x", "ghcr.io", "a/b/c/d", "x"],
  ["xn--n3h.com/app", "xn--n3h.com", "app"],
  [`ghcr.io/a/b@${SHA256}`, "ghcr.io", "a/b", undefined, SHA256],
  [`ghcr.io/a/b:v1@${SHA256}`, "ghcr.io", "a/b", "v1", SHA256],
  [`ghcr.io/a/b@${SHA512}`, "ghcr.io", "a/b", undefined, SHA512],
  ["ghcr.io/a-b/c_d/e__f/g.h/i---j", "ghcr.io", "a-b/c_d/e__f/g.h/i---j"],
  ["ghcr.io/app:_tag", "ghcr.io", "app", "_tag"],
  [`ghcr.io/app:${"t".repeat(128)}`, "ghcr.io", "app", "t".repeat(128)],
  [`ghcr.io/${"a".repeat(255)}`, "ghcr.io", "a".repeat(255)],
];

for (const [text, registry, repository, tag, digest] of VALID) {
  Deno.test(`Reference.parse() reads ${text.slice(0, 80)}`, () => {
    const reference = Reference.parse(text);
    assertEquals(
      [
        reference.registry,
        reference.repository,
        reference.tag,
        reference.digest,
      ],
      [registry, repository, tag, digest],
    );
    assertEquals(reference.target, digest ?? tag);
    const again = Reference.parse(reference.toString());
    assertEquals(again.toString(), reference.toString());
    assertEquals(JSON.stringify({ reference }), `{"reference":"${reference}"}`);
  });
}

const INVALID: [string, ReferenceErrorCode][] = [
  ["", "REFERENCE_NAME_EMPTY"],
  [":tag", "REFERENCE_NAME_EMPTY"],
  [`@${SHA256}`, "REFERENCE_NAME_EMPTY"],
  ["localhost:5000/", "REFERENCE_NAME_EMPTY"],
  ["localhost:5000/:v1", "REFERENCE_NAME_EMPTY"],
  [HEX, "REFERENCE_INVALID_FORMAT"],
  ["https://ghcr.io/a/b", "REFERENCE_INVALID_FORMAT"],
  ["oci://ghcr.io/a/b", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a//b", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a/b/", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a/../b", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a/%2e%2e/b", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/-a", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a-", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a___b", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a..b", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a b", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a\nb", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/a\0b", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/äpp", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/App", "REFERENCE_NAME_UPPERCASE"],
  ["Alpine", "REFERENCE_NAME_UPPERCASE"],
  [`ghcr.io/${"a".repeat(256)}`, "REFERENCE_NAME_TOO_LONG"],
  ["ghcr.io/app:", "REFERENCE_TAG_INVALID"],
  ["ghcr.io/app:-v", "REFERENCE_TAG_INVALID"],
  ["ghcr.io/app:.v", "REFERENCE_TAG_INVALID"],
  ["ghcr.io/app:a/b:c:d", "REFERENCE_INVALID_FORMAT"],
  ["ghcr.io/app:v1+2", "REFERENCE_TAG_INVALID"],
  [`ghcr.io/app:${"t".repeat(129)}`, "REFERENCE_TAG_INVALID"],
  ["ghcr.io/app@", "REFERENCE_DIGEST_INVALID"],
  ["ghcr.io/app@sha256:abc", "REFERENCE_DIGEST_INVALID"],
  [
    "ghcr.io/app@md5:d41d8cd98f00b204e9800998ecf8427e",
    "REFERENCE_DIGEST_INVALID",
  ],
  [`ghcr.io/app@${SHA256.toUpperCase()}`, "REFERENCE_DIGEST_INVALID"],
  [`ghcr.io/app@${SHA256}@${SHA256}`, "REFERENCE_DIGEST_INVALID"],
  [`ghcr.io/app@sha256:../../${HEX}`, "REFERENCE_DIGEST_INVALID"],
  ["localhost:99999/app", "REFERENCE_REGISTRY_INVALID"],
  ["localhost:/app", "REFERENCE_REGISTRY_INVALID"],
  ["localhost:x/app", "REFERENCE_REGISTRY_INVALID"],
  ["-a.com/app", "REFERENCE_REGISTRY_INVALID"],
  ["a..com/app", "REFERENCE_REGISTRY_INVALID"],
  ["[:::1]/app", "REFERENCE_REGISTRY_INVALID"],
  ["[fe80::1%eth0]:80/app", "REFERENCE_REGISTRY_INVALID"],
  ["user:pw@example.com/app", "REFERENCE_INVALID_FORMAT"],
  ["/app", "REFERENCE_REGISTRY_INVALID"],
];

for (const [text, code] of INVALID) {
  Deno.test(`Reference.parse() refuses ${JSON.stringify(text).slice(0, 80)} as ${code}`, () => {
    const error = assertThrows(
      () => Reference.parse(text),
      InvalidReferenceError,
    );
    assertEquals([error.code, error.reference.length > 0 || text === ""], [
      code,
      true,
    ]);
    assertStringIncludes(error.message, "Cannot parse reference ");
  });
}

for (
  const text of [
    "me:s3cret@localhost:5000/app:v1",
    "me:s3@cret@ghcr.io/app",
    "https://me:s3cret@ghcr.io/app",
    "https://me:s3cret@ghcr.io/app@" + SHA256,
    "docker.io/me:s3cret@ghcr.io/app",
  ]
) {
  Deno.test(`Reference.parse() repeats no password of ${text.slice(0, 40)}`, () => {
    const error = assertThrows(
      () => Reference.parse(text),
      InvalidReferenceError,
    );
    assertEquals(/s3|cret/.test(inspect(error)), false, error.message);
    assertStringIncludes(error.hint!, "Leave out");
  });
}

Deno.test("parseRegistryName() repeats no password, and tells what to leave out", () => {
  for (
    const [text, words] of [
      ["me:s3cret@ghcr.io", "Leave out user and password"],
      ["https://me:s3cret@ghcr.io/", "Leave out the scheme"],
      ["https://ghcr.io/", "Leave out the scheme"],
    ] as const
  ) {
    const error = assertThrows(
      () => parseRegistryName(text),
      InvalidReferenceError,
    );
    assertEquals(inspect(error).includes("s3cret"), false);
    assertStringIncludes(error.hint!, words);
  }
});

Deno.test("Reference.withTag() and withDigest() replace what was there", () => {
  const reference = Reference.parse(`ghcr.io/a/b:v1@${SHA256}`);
  assertEquals(String(reference.withTag("v2")), "ghcr.io/a/b:v2");
  assertEquals(String(reference.withTag(undefined)), "ghcr.io/a/b");
  assertEquals(String(reference.withDigest(SHA512)), `ghcr.io/a/b@${SHA512}`);
  assertEquals(reference.name, "ghcr.io/a/b");
});

Deno.test("new Reference() checks each part", () => {
  const good = { registry: "ghcr.io", repository: "a/b" };
  assertEquals(String(new Reference(good)), "ghcr.io/a/b");
  for (
    const bad of [
      { ...good, registry: "ghcr.io/evil" },
      { ...good, registry: "" },
      { ...good, repository: "a/b:v1" },
      { ...good, tag: "v1/../.." },
      { ...good, digest: "sha256:x" },
    ]
  ) assertThrows(() => new Reference(bad), InvalidReferenceError);
});

Deno.test("parseRegistryName() takes hosts and nothing else", () => {
  assertEquals(parseRegistryName("ghcr.io"), "ghcr.io");
  assertEquals(parseRegistryName("localhost"), "localhost");
  assertEquals(parseRegistryName("registry-1.docker.io"), "docker.io");
  for (
    const text of [
      "",
      "https://ghcr.io",
      "ghcr.io/a",
      "a b",
      "ghcr.io:",
      "u@h",
      "h?x",
      "h#x",
    ]
  ) {
    assertThrows(() => parseRegistryName(text), InvalidReferenceError);
  }
});

Deno.test("isTag() and isRepositoryName() follow the specification's grammar", () => {
  assertEquals(["v1", "_", "A.b-c"].map(isTag), [true, true, true]);
  assertEquals(["", ".a", "a:b", "a/b", "ä"].map(isTag), [
    false,
    false,
    false,
    false,
    false,
  ]);
  assertEquals(isRepositoryName(""), false);
  assertEquals(isRepositoryName("a/b"), true);
});
