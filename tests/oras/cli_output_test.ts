import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { join } from "node:path";
import { writePiece } from "../../oras/commands/_console.ts";
import { openLocal } from "../../oras/commands/_local_file.ts";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { gantryCommand, runProgram } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";
const BIG = new Uint8Array(1_000_000).fill(120);

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("big.txt", BIG);
  await box.write("folder/big.txt", BIG);
  await box.ok("push", `${box.host}/app:v1`, "hi.txt", "-a", CREATED);
  await box.ok("push", `${box.host}/app:big`, "big.txt", "-a", CREATED);
  return box;
}

/** Lines that write to a path. */
const WRITERS: readonly string[] = [
  "blob fetch HOST/app@HI -o PATH",
  "manifest fetch HOST/app:v1 -o PATH",
  "manifest fetch-config HOST/app:v1 -o PATH",
  "manifest index create HOST/app:all v1 -o PATH",
  "push HOST/app:v2 hi.txt --export-manifest PATH",
  "attach HOST/app:v1 hi.txt --artifact-type a/b --export-manifest PATH",
  "pull HOST/app:v1 --to-file PATH",
  "layer pack folder -o PATH",
];

function wordsOf(box: Sandbox, line: string, path: string): string[] {
  return line.replaceAll("HOST", box.host).replace("PATH", path)
    .replace("HI", HI).split(" ");
}

const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";

Deno.test({
  name: "a pipe that a command is to write to stays a pipe",
  ignore: !found("mkfifo"),
  async fn() {
    await using box = await filled();
    const path = join(box.folder, "pipe");
    await runProgram(["mkfifo", path]);
    for (const line of WRITERS) {
      // Opened for both, so that neither side waits for the other.
      using pipe = await Deno.open(path, { read: true, write: true });
      const { code, stderr } = await box.gantry(wordsOf(box, line, path));
      assertEquals(code, 0, `${line}: ${stderr}`);
      assert((await Deno.lstat(path)).isFifo, line);
      const count = await pipe.read(new Uint8Array(64 * 1024));
      assert(count !== null && count > 1, line);
    }
  },
});

Deno.test({
  name: "a link that a command is to write through stays a link",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using box = await filled();
    const [file, path] = [join(box.folder, "file"), join(box.folder, "link")];
    await Deno.symlink("file", path);
    for (const line of WRITERS) {
      await Deno.writeTextFile(file, "");
      const { code, stderr } = await box.gantry(wordsOf(box, line, path));
      assertEquals(code, 0, `${line}: ${stderr}`);
      assert((await Deno.lstat(path)).isSymlink, line);
      assert((await Deno.stat(file)).size > 1, line);
    }
  },
});

/** Lines that print much. */
const PRINTERS: readonly string[] = [
  "pull HOST/app:big --to-stdout",
  "blob fetch HOST/app@BIG -o -",
  "blob fetch HOST/app@BIG -o /dev/stdout",
  "layer pack folder --compression none -o -",
];

async function linesOf(box: Sandbox): Promise<string[][]> {
  const digest = (await box.ok("hash", "big.txt")).split(/\s/)[0]!;
  return PRINTERS.map((line) => wordsOf(box, line.replace("BIG", digest), ""));
}

Deno.test({
  name: "commands end without a word where nobody reads on",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using box = await filled();
    for (const words of await linesOf(box)) {
      const [program, ...prefix] = gantryCommand();
      const child = new Deno.Command(program!, {
        args: [...prefix, ...words],
        cwd: box.folder,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      await child.stdout.cancel();
      const stderr = await new Response(child.stderr).text();
      assertEquals(stderr, "", words.join(" "));
      assertEquals((await child.status).code, 1);
    }
  },
});

Deno.test("writePiece() waits where a pipe is full that does not wait itself", async () => {
  const written: number[] = [];
  let calls = 0;
  await writePiece({
    write(piece) {
      if (calls++ % 2 === 0) {
        return Promise.reject(new Deno.errors.WouldBlock("full"));
      }
      written.push(...piece.subarray(0, 2));
      return Promise.resolve(Math.min(2, piece.length));
    },
  }, Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(written, [1, 2, 3, 4, 5]);
});

Deno.test("what cannot be printed is told with the reason", async () => {
  const error = await assertRejects(() =>
    writePiece({
      write: () => Promise.reject(new Error("No space left on device")),
    }, Uint8Array.of(1))
  );
  assertEquals(
    (error as Error).message,
    "Cannot print: No space left on device",
  );
});

Deno.test({
  name: "openLocal() ends with the signal, though nobody writes to a pipe",
  ignore: !found("mkfifo"),
  // What the system was asked for ends some time after the promise.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using box = await openSandbox();
    const path = join(box.folder, "pipe");
    await runProgram(["mkfifo", path]);
    const reason = new Error("enough");
    const opening = new AbortController();
    const opened = openLocal(path, opening.signal);
    opening.abort(reason);
    assertStrictEquals(await assertRejects(() => opened), reason);
    // Lets what waits there on.
    using writer = await Deno.open(path, { read: true, write: true });
    const reading = new AbortController();
    const file = await openLocal(path, reading.signal);
    const read = file.read(new Uint8Array(1));
    reading.abort(reason);
    assertStrictEquals(await assertRejects(() => read), reason);
    await writer.write(new Uint8Array(1));
    file[Symbol.dispose]();
  },
});

Deno.test({
  name: "a command that waits for a pipe's reader ends with the first signal",
  ignore: !found("mkfifo"),
  async fn() {
    await using box = await openSandbox();
    await box.write("hi.txt", "hi\n");
    const reference = `${box.host}/app:v1`;
    await box.ok("push", reference, "hi.txt", "--config", "hi.txt:a/b");
    const pipe = join(box.folder, "pipe");
    await runProgram(["mkfifo", pipe]);
    const { layers: [layer] } = JSON.parse(
      await box.ok("manifest", "fetch", reference),
    );
    for (
      const line of [
        ["blob", "fetch", `${box.host}/app@${layer.digest}`, "-o", "pipe"],
        ["manifest", "fetch", reference, "-o", "pipe"],
        ["manifest", "fetch-config", reference, "-o", "pipe"],
        ["layer", "pack", ".", "-o", "pipe"],
      ]
    ) {
      const { code, signal, text } = await stopped(box, line);
      assertEquals([code, signal], [1, null], `${line}: ${text}`);
      assertEquals(text, "Error: interrupted\n", line.join(" "));
    }
  },
});

/** Stops a command by a signal, once it listens. */
async function stopped(
  box: Sandbox,
  line: readonly string[],
): Promise<{ code: number; signal: Deno.Signal | null; text: string }> {
  const [program = "", ...args] = gantryCommand();
  for (let delay = 500;; delay *= 2) {
    const child = new Deno.Command(program, {
      args: [...args, ...line],
      cwd: box.folder,
      env: { DOCKER_CONFIG: box.folder },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const timer = setTimeout(() => child.kill("SIGTERM"), delay);
    const { code, signal, stderr } = await child.output();
    clearTimeout(timer);
    const text = new TextDecoder().decode(stderr);
    // Killed before it listened, on a busy machine.
    if (signal !== null && text === "" && delay < 10_000) continue;
    return { code, signal, text };
  }
}
