import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { verifyStream } from "@gantry/oci/digest";
import { PathError } from "@gantry/oci/oras";
import { fileSource, writeVerifiedFile } from "@gantry/oci/oras/node";
import { cleanPath } from "../../oras/_clean_path.ts";
import { describe } from "../../oras/_describe.ts";
import { describeText, fixture } from "./_fixture.ts";

/** A text of more than two of the largest buffers. */
const LARGE = "0123456789abcdef".repeat(160 * 1024);

Deno.test("cleanPath() cleans as Go's path.Clean does", () => {
  // The vectors of Go's own documentation and behaviour.
  const cases = {
    "": ".",
    ".": ".",
    "./": ".",
    "a": "a",
    "a/": "a",
    "./a": "a",
    "a//b": "a/b",
    "a/./b": "a/b",
    "a/../b": "b",
    "a/..": ".",
    "..": "..",
    "../a": "../a",
    "../../a": "../../a",
    "a/../../b": "../b",
    "/": "/",
    "//": "/",
    "/a/": "/a",
    "/..": "/",
    "/../a": "/a",
    "...": "...",
    "a b": "a b",
  };
  for (const [path, cleaned] of Object.entries(cases)) {
    assertEquals(cleanPath(path), cleaned, path);
  }
});

Deno.test("describe() hashes byte streams and others, small and large", async () => {
  for (const text of ["", "hello", LARGE]) {
    const expected = await describeText(text);
    const bytes = new TextEncoder().encode(text);
    const plain = {
      size: bytes.byteLength,
      open: () => ReadableStream.from([bytes.slice(0, 3), bytes.slice(3)]),
    };
    assertEquals(await describe(text, "text/plain"), expected);
    assertEquals(await describe(plain, "text/plain"), expected);
  }
});

Deno.test("describe() gives up at once when it is aborted", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  let cancelled: unknown;
  const source = {
    size: 5,
    open: () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        type: "bytes",
        pull: () => {
          controller.abort(reason);
          return new Promise(() => {});
        },
        cancel: (why) => void (cancelled = why),
      }),
  };
  const { signal } = controller;
  const thrown = await assertRejects(() =>
    describe(source, "text/plain", { signal })
  );
  assertEquals([thrown, cancelled], [reason, reason]);
});

Deno.test("fileSource() opens a file again, at any place", async () => {
  await using setting = await fixture();
  await setting.write({ file: LARGE });
  const path = join(setting.folder, "file");
  const source = await fileSource(path);
  assertEquals(source.size, LARGE.length);
  for (const offset of [0, 1, 1_000_000, LARGE.length - 1, LARGE.length]) {
    const text = await new Response(await source.open(offset)).text();
    assertEquals(text === LARGE.slice(offset), true, `from ${offset}`);
  }
  const stream = await source.open();
  await stream.cancel();
  assertEquals(await describe(source, "text/plain"), await describeText(LARGE));
});

Deno.test("fileSource() notices that a file has changed", async () => {
  await using setting = await fixture();
  const path = join(setting.folder, "file");
  await setting.write({ file: "before" });
  const source = await fileSource(path);
  await Deno.utime(path, 1, 1);
  const before = await assertRejects(
    async () => await source.open(),
    PathError,
  );
  assertEquals(before.code, "PATH_CHANGED");

  const again = await fileSource(path);
  const stream = await again.open();
  await Deno.writeTextFile(path, "shor");
  const during = await assertRejects(() => new Response(stream).text());
  assertEquals((during as PathError).code, "PATH_CHANGED");
});

Deno.test("fileSource() gives a small file at once, if it is still the one that was seen", async () => {
  await using setting = await fixture();
  const path = join(setting.folder, "file");
  for (const size of [0, 1, 65_537, 262_144, 262_145]) {
    await Deno.writeFile(path, new Uint8Array(size).fill(7));
    const source = await fileSource(path);
    assertEquals(source.bytes === undefined, size > 262_144);
    const bytes = await source.bytes?.();
    if (bytes !== undefined) assertEquals(bytes, new Uint8Array(size).fill(7));
  }
  await Deno.writeTextFile(path, "seen");
  const source = await fileSource(path);
  await Deno.writeTextFile(path, "seen and changed");
  const changed = await assertRejects(async () => await source.bytes!());
  assertEquals((changed as PathError).code, "PATH_CHANGED");
  await Deno.remove(path);
  const gone = await assertRejects(async () => await source.bytes!());
  assertEquals((gone as PathError).code, "PATH_NOT_FOUND");
});

Deno.test("fileSource() refuses directories and what does not exist", async () => {
  await using setting = await fixture();
  const cases = { ".": "PATH_INVALID", missing: "PATH_NOT_FOUND" };
  for (const [path, code] of Object.entries(cases)) {
    const error = await assertRejects(
      () => fileSource(join(setting.folder, path)),
      PathError,
    );
    assertEquals(error.code, code);
  }
});

Deno.test("writeVerifiedFile() writes streams of every size, and counts", async () => {
  await using setting = await fixture();
  const path = join(setting.folder, "file");
  for (const text of ["", "hello", LARGE]) {
    const expected = await describeText(text);
    for (const size of [undefined, text.length, 100]) {
      let counted = 0;
      await writeVerifiedFile(
        path,
        verifyStream(new Blob([text]).stream(), expected),
        { size, onBytes: (bytes) => void (counted = bytes) },
      );
      assertEquals(await Deno.readTextFile(path) === text, true);
      assertEquals(counted, text.length);
    }
  }
  assertEquals(await setting.names(), ["file"]);
});

Deno.test("writeVerifiedFile() writes a stream that is no byte stream", async () => {
  await using setting = await fixture();
  const path = join(setting.folder, "file");
  const pieces = ["he", "", "llo"].map((text) =>
    new TextEncoder().encode(text)
  );
  await writeVerifiedFile(path, ReadableStream.from(pieces));
  assertEquals(await Deno.readTextFile(path), "hello");
});

Deno.test("writeVerifiedFile() leaves nothing behind where the stream fails", async () => {
  await using setting = await fixture();
  const path = join(setting.folder, "file");
  const expected = await describeText(LARGE);
  const stream = verifyStream(
    new Blob([LARGE.replace("f", "e")]).stream(),
    expected,
  );
  await assertRejects(() => writeVerifiedFile(path, stream), Error, "digest");
  assertEquals(await setting.names(), []);
});

Deno.test("writeVerifiedFile() cancels the stream where the file cannot be written", async () => {
  await using setting = await fixture();
  let reason: unknown;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    type: "bytes",
    cancel: (why) => void (reason = why),
  });
  const path = join(setting.folder, "no/such/folder/file");
  const error = await assertRejects(
    () => writeVerifiedFile(path, stream),
    PathError,
  );
  assertEquals(error.code, "PATH_NOT_FOUND");
  assertEquals((reason as { code: string }).code, "ENOENT");
});

Deno.test("writeVerifiedFile() gives up at once when it is aborted", async () => {
  await using setting = await fixture();
  const reason = new Error("enough");
  const controller = new AbortController();
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    type: "bytes",
    pull: () => {
      controller.abort(reason);
      return new Promise(() => {});
    },
    cancel: () => void (cancelled = true),
  });
  const { signal } = controller;
  const thrown = await assertRejects(() =>
    writeVerifiedFile(join(setting.folder, "file"), stream, { signal })
  );
  assertEquals(thrown, reason);
  assertEquals(cancelled, true);
  assertEquals(await setting.names(), []);
});
