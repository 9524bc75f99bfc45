import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BLAKE3,
  createHasher,
  createVerifier,
  Digest,
  DigestError,
  registerAlgorithm,
} from "@gantry/oci/digest";

registerAlgorithm(BLAKE3);

/** Hashes natively, and by WebAssembly piece after piece. */
const ALGORITHMS = ["sha256", "sha384", "sha512", "blake3"];
const HELLO = new TextEncoder().encode("hello");

for (const algorithm of ALGORITHMS) {
  Deno.test(`createHasher() keeps the order of ${algorithm} updates that nobody awaits`, async () => {
    const hasher = createHasher(algorithm);
    assertEquals(hasher.algorithm, algorithm);
    for (const byte of HELLO) hasher.update(Uint8Array.of(byte));
    assertEquals(
      String(await hasher.digest()),
      String(await Digest.fromString("hello", { algorithm })),
    );
  });

  Deno.test(`createHasher() of ${algorithm} is of no more use after its digest`, async () => {
    const hasher = createHasher(algorithm);
    await hasher.update(HELLO);
    await hasher.digest();
    assertThrows(() => hasher.update(HELLO), TypeError, "has been taken");
    await assertRejects(() => hasher.digest(), TypeError, "has been taken");
  });

  Deno.test(`createVerifier() of ${algorithm} tells good content from bad`, async () => {
    const digest = await Digest.fromString("hello", { algorithm });
    const cases: [string[], boolean][] = [
      [["hello"], true],
      [["h", "", "ello"], true],
      [["jello"], false],
      [["hello", "!"], false],
      [["hell"], false],
      [[], false],
    ];
    for (const [pieces, expected] of cases) {
      const verifier = createVerifier(digest);
      for (const piece of pieces) {
        await verifier.update(new TextEncoder().encode(piece));
      }
      assertEquals(await verifier.verified(), expected, pieces.join("|"));
      assertEquals(await verifier.verified(), expected, "asked again");
      assertEquals(String(verifier.digest), String(digest));
      assertThrows(() => verifier.update(HELLO), TypeError);
    }
  });
}

Deno.test("createVerifier() accepts a digest of nothing for nothing", async () => {
  const digest = await Digest.fromString("");
  assertEquals(await createVerifier(String(digest)).verified(), true);
});

Deno.test("createVerifier() refuses what cannot be verified", () => {
  const cases: [Digest | string, string][] = [
    ["", "DIGEST_INVALID_FORMAT"],
    [":", "DIGEST_INVALID_FORMAT"],
    ["sha256:abc", "DIGEST_INVALID_LENGTH"],
    ["bean:0123456789abcdef", "DIGEST_UNSUPPORTED"],
    ["sha256-garbage:pure", "DIGEST_UNSUPPORTED"],
    [new Digest("sha256-garbage:pure"), "DIGEST_UNSUPPORTED"],
  ];
  for (const [digest, code] of cases) {
    const error = assertThrows(() => createVerifier(digest), DigestError);
    assertEquals(error.code, code);
  }
});
