import * as std from "@std/assert";
import { assertEquals } from "@std/assert";
import * as stdCrypto from "@std/crypto";
import * as base64 from "@std/encoding/base64";
import * as base64url from "@std/encoding/base64url";
import * as hex from "@std/encoding/hex";
import * as streams from "@std/streams";
import { TarStream } from "@std/tar/tar-stream";
import { unpackTar } from "modern-tar";
import { ROOT } from "./_support/imports.ts";

const { imports: IMPORTS, links: LINKS = [] } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
) as { imports: Record<string, string>; links?: string[] };

/**
 * One call of everything that an adapter offers, run against whatever `@std` is
 * configured: the adapters, or the packages of JSR themselves. What the calls
 * answer is what upstream documents.
 */
const CALLS: Readonly<Record<string, () => void | Promise<void>>> = {
  "@std/assert": async () => {
    std.assert(true);
    std.assertFalse(false);
    std.assertEquals({ a: [1] }, { a: [1] });
    std.assertNotEquals(1, 2);
    std.assertStrictEquals("a", "a");
    std.assertExists(0);
    std.assertInstanceOf(new TypeError(), Error);
    std.assertStringIncludes("abc", "b");
    std.assertArrayIncludes([1, 2], [2]);
    std.assertMatch("abc", /b/);
    std.assertNotMatch("abc", /d/);
    std.assertObjectMatch({ a: 1, b: 2 }, { a: 1 });
    std.assertGreater(2, 1);
    std.assertGreaterOrEqual(2, 2);
    std.assertLess(1, 2);
    std.assertLessOrEqual(1, 1);
    const fail = (): never => {
      throw new RangeError("too far");
    };
    assertEquals(std.assertThrows(fail, RangeError, "far").name, "RangeError");
    const rejected = await std.assertRejects(
      () => Promise.reject(new RangeError("too far")),
      RangeError,
      "far",
    );
    assertEquals(rejected.message, "too far");
    std.assertThrows(() => std.assert(false), Error);
    std.assertThrows(() => std.assertEquals(1, 2), Error, "not equal");
  },
  "@std/crypto": async () => {
    const bytes = new TextEncoder().encode("abc");
    for (const name of ["SHA-256", "SHA-384", "SHA-512"] as const) {
      const expected = hexOf(await crypto.subtle.digest(name, bytes));
      const whole = stdCrypto.crypto.subtle.digest(name, bytes);
      assertEquals(hexOf(await whole), expected);
      const chunks = stdCrypto.crypto.subtle.digest(name, [
        bytes.slice(0, 1),
        bytes.slice(1),
      ]);
      assertEquals(hexOf(await chunks), expected);
    }
    assertEquals(stdCrypto.timingSafeEqual(bytes, bytes.slice()), true);
    assertEquals(stdCrypto.timingSafeEqual(bytes, bytes.toReversed()), false);
  },
  "@std/encoding": () => {
    const bytes = new Uint8Array([0, 251, 255]);
    assertEquals(hex.encodeHex(bytes), "00fbff");
    assertEquals(hex.decodeHex("00fbff"), bytes);
    assertEquals(base64.encodeBase64(bytes), "APv/");
    assertEquals(base64.decodeBase64("APv/"), bytes);
    assertEquals(base64url.encodeBase64Url(bytes), "APv_");
    assertEquals(base64url.decodeBase64Url("APv_"), bytes);
  },
  "@std/streams": async () => {
    const stream = () =>
      ReadableStream.from([new Uint8Array([104]), new Uint8Array([105])]);
    assertEquals(await streams.toText(stream()), "hi");
    assertEquals(await streams.toBytes(stream()), new Uint8Array([104, 105]));
    const limited = stream().pipeThrough(
      new streams.LimitedBytesTransformStream(1, { error: true }),
    );
    const failed = await streams.toBytes(limited).then(() => false, () => true);
    assertEquals(failed, true);
  },
  "@std/tar": async () => {
    const data = new TextEncoder().encode("hello");
    const tar = ReadableStream.from([{
      type: "file" as const,
      path: "a.txt",
      size: data.length,
      readable: ReadableStream.from([data]),
    }]).pipeThrough(new TarStream());
    const bytes = await new Response(tar).bytes();
    const [entry] = await unpackTar(bytes);
    assertEquals(entry?.header.name, "a.txt");
    assertEquals(entry?.data, data);
  },
};

function hexOf(buffer: ArrayBuffer): string {
  return new Uint8Array(buffer).toHex();
}

for (const [name, call] of Object.entries(CALLS)) {
  Deno.test(`${name} does what the project asks of it`, call);
}

Deno.test("every adapter stands for a package that is imported", async () => {
  for (const link of LINKS) {
    const config = JSON.parse(
      await Deno.readTextFile(new URL(`${link}/deno.json`, ROOT)),
    ) as { name: string; version: string };
    const range = IMPORTS[config.name]?.split("@^")[1];
    assertEquals(range, config.version, `${config.name} at ${link}`);
  }
});
