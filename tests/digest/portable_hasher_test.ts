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
