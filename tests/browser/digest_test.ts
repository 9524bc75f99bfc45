import { assert, assertEquals, assertFalse } from "@std/assert";
import { bundle } from "../_support/bundle.ts";
import { probeInChromium } from "../_support/chromium.ts";
import { found } from "../_support/programs.ts";
import type { DigestReport } from "./digest_probe.ts";

const PROBE = new URL("digest_probe.ts", import.meta.url);

const HELLO =
  "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const ABC: Readonly<Record<string, string>> = {
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  sha384:
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  sha512:
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  blake3: "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
};

function assertReport(report: DigestReport): void {
  for (const [algorithm, encoded] of Object.entries(ABC)) {
    assertEquals(
      report.digests[algorithm],
      Array(4).fill(`${algorithm}:${encoded}`),
    );
  }
  assertEquals(
    report.large,
    "sha256:bbd05cf6097ac9b1f89ea29d2542c1b7b67ee46848393895f5a9e43fa1f621e5",
  );
  assertEquals(report.verified, [true, false]);
  assertEquals(report.read, "hello");
  assertEquals(report.codes, [
    "DIGEST_MISMATCH",
    "SIZE_MISMATCH",
    "SIZE_MISMATCH",
    "DIGEST_INVALID_FORMAT",
    "DIGEST_INVALID_LENGTH",
    "DIGEST_UNSUPPORTED",
  ]);
  assertEquals(report.found, HELLO);
}

Deno.test({
  name: "digest hashes and verifies in headless Chromium",
  ignore: !found("chromium"),
  async fn() {
    const report = await probeInChromium(await bundle(PROBE)) as DigestReport;
    assertFalse(report.native, "A browser has no node:crypto");
    assertReport(report);
  },
});

Deno.test({
  name: "digest hashes and verifies in Node, from the browser's bundle",
  ignore: !found("node"),
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".mjs" });
    try {
      await Deno.writeTextFile(
        file,
        `${await bundle(PROBE)}\nconsole.log(JSON.stringify(await probe()));`,
      );
      const { success, stdout, stderr } = await new Deno.Command("node", {
        args: [file],
        stdin: "null",
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const report: DigestReport = JSON.parse(new TextDecoder().decode(stdout));
      assert(report.native, "Node has node:crypto");
      assertReport(report);
    } finally {
      await Deno.remove(file);
    }
  },
});
