import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { type Meddler, openHttpRegistry } from "../_support/http_registry.ts";
import { pattern } from "../_support/transports.ts";

const MIB = 1024 * 1024;
const PATHS = ["one.bin", "two.bin", "dir"];

/** Runs the command, sends the signal once `when` settles, and demands the one line and exit code 1. */
async function interrupted(
  box: Sandbox,
  args: readonly string[],
  options: { cwd: string; when: Promise<void>; signal: Deno.Signal },
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "-A"],
      fileURLToPath(new URL("../../cli.ts", import.meta.url)),
      ...args,
    ],
    cwd: options.cwd,
    env: { DOCKER_CONFIG: box.folder, TMPDIR: join(box.folder, "tmp") },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await options.when;
  child.kill(options.signal);
  const { code, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "Error: interrupted\n");
  assertEquals(code, 1);
}

/** All names below a folder of the sandbox. */
async function names(box: Sandbox, folder: string): Promise<string[]> {
  const path = join(box.folder, folder);
  const entries = await Array.fromAsync(Deno.readDir(path)).catch(() => []);
  return entries.map(({ name }) => name);
}

/** Fills the sandbox. */
async function fill(box: Sandbox): Promise<string> {
  await Deno.mkdir(join(box.folder, "tmp"));
  await box.write("in/one.bin", pattern(0, 3 * MIB));
  await box.write("in/two.bin", pattern(1, 3 * MIB));
  await box.write("in/dir/three.bin", pattern(2, 3 * MIB));
  return join(box.folder, "in");
}

/** Counts, and settles at the third. */
function third(): { promise: Promise<void>; count: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  return {
    promise,
    count() {
      if (++seen === 3) resolve();
    },
  };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} in the middle of a pull leaves nothing but parts, which the next pull completes`, async () => {
    const half = third();
    let stalls = true;
    /** The half of each blob, and then nothing. */
    const stalled: Meddler = async (request, next) => {
      const response = await next(request);
      const isLayer = request.method === "GET" &&
        request.url.includes("/blobs/");
      if (!isLayer || !stalls) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      let given = false;
      const body = new ReadableStream({
        async pull(controller) {
          if (given) {
            half.count();
            await new Promise(() => {});
          }
          given = true;
          controller.enqueue(bytes.subarray(0, bytes.byteLength / 2));
        },
      }, { highWaterMark: 0 });
      return new Response(body, { headers: response.headers });
    };
    await using server = openHttpRegistry(stalled);
    await using box = await openSandbox();
    const cwd = await fill(box);
    const flags = ["--plain-http", `${server.host}/app:v1`];
    const pushed = await box.gantry(["push", ...flags, ...PATHS], { cwd });
    assertEquals(pushed.code, 0, pushed.stderr);
    await box.write("out/keep", "");
    await interrupted(box, ["pull", ...flags, "-o", "out"], {
      cwd: box.folder,
      when: half.promise,
      signal,
    });
    for (const name of await names(box, "out")) {
      assertMatch(name, /^keep$|^\.gantry-sha256-[0-9a-f]{32}\.part$/);
    }
    assertEquals(await names(box, "tmp"), []);
    stalls = false;
    const pull = await box.gantry(["pull", ...flags, "-o", "out"]);
    assertEquals(pull.code, 0, pull.stderr);
    assertEquals((await names(box, "out")).toSorted(), [
      "dir",
      "keep",
      "one.bin",
      "two.bin",
    ]);
  });

  Deno.test(`${signal} in the middle of a push leaves no temporary file, and no tag`, async () => {
    const half = third();
    const ended = Promise.withResolvers<void>();
    await using server = openHttpRegistry(async (request, next) => {
      const length = Number(request.headers.get("content-length"));
      if (request.method !== "PUT" || length < MIB) return await next(request);
      const reader = request.body!.getReader();
      await reader.read();
      half.count();
      await ended.promise;
      await reader.cancel().catch(() => {});
      return new Response(null, { status: 500 });
    });
    await using box = await openSandbox();
    const cwd = await fill(box);
    // Random bytes stay as large when the directory is packed.
    const noise = new Uint8Array(3 * MIB);
    for (let at = 0; at < noise.byteLength; at += 65536) {
      crypto.getRandomValues(noise.subarray(at, at + 65536));
    }
    await box.write("in/dir/three.bin", noise);
    const flags = ["--plain-http", `${server.host}/app:v1`];
    await interrupted(box, ["push", ...flags, ...PATHS], {
      cwd,
      when: half.promise,
      signal,
    }).finally(ended.resolve);
    assertEquals(await names(box, "tmp"), []);
    assertEquals(server.requests("PUT", "/manifests/v1"), []);
  });
}
