import { assertEquals } from "@std/assert";
import { nodeHasher } from "../../digest/_node_hasher.ts";
import { portableHasher } from "../../digest/_portable_hasher.ts";

const NAMES = [["sha256", "SHA-256"], ["sha384", "SHA-384"], [
  "sha512",
  "SHA-512",
]] as const;

for (const [name, webName] of NAMES) {
  Deno.test(`portableHasher() agrees with node:crypto on ${name} in every split`, async () => {
    for (const sizes of [[], [0], [1], [64, 64], [1, 127, 100_000, 0, 3]]) {
      const native = nodeHasher(name)!;
      const portable = portableHasher(webName);
      for (const size of sizes) {
        const chunk = crypto.getRandomValues(
          new Uint8Array(Math.min(size, 65_536)),
        );
        native.update(chunk);
        await portable.update(chunk);
        // The contract lets the caller reuse a piece once update() has settled.
        native.update(chunk);
        await portable.update(chunk);
        chunk.fill(0);
      }
      assertEquals(await portable.digest(), native.digest());
    }
  });
}

/** Of the test vectors that BLAKE3's authors publish: bytes 0 to 250, again and again. */
const BLAKE3_VECTORS = [
  [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
  [1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"],
  [1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"],
] as const;

for (const [size, expected] of BLAKE3_VECTORS) {
  Deno.test(`portableHasher() computes BLAKE3 of ${size} bytes`, async () => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
    const hasher = portableHasher("BLAKE3");
    await hasher.update(bytes.subarray(0, 100));
    await hasher.update(bytes.subarray(100));
    assertEquals(await hasher.digest(), expected);
  });
}
