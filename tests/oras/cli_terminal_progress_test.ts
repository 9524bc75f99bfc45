import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";
import { linesOf, onTerminal, shellOnTerminal } from "../_support/terminal.ts";

const ignore = !found("script");
const NAMES = ["one.bin", "two.bin", "three.bin"];
const SIZE = 2 * 1024 * 1024;

/** A registry whose blobs arrive in some ten pieces, or never whole. */
async function slowly(isEndless = false): Promise<Sandbox> {
  const registry = createRegistry();
  let isSlow = false;
  const box = await openSandbox(async (request) => {
    const response = await registry.fetch(request);
    const isLarge = Number(response.headers.get("content-length")) >= SIZE;
    if (!isSlow || !isLarge || request.method !== "GET") return response;
    const bytes = await response.bytes();
    let sent = 0;
    let isGone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let next: (() => void) | undefined;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const end = Math.min(sent + SIZE / 20, SIZE);
        if (isEndless && end >= SIZE / 2) return new Promise(() => {});
        await new Promise<void>((resolve) => {
          next = resolve;
          timer = setTimeout(resolve, 40);
        });
        if (isGone) return;
        controller.enqueue(bytes.subarray(sent, end));
        sent = end;
        if (sent >= SIZE) controller.close();
      },
      cancel() {
        isGone = true;
        clearTimeout(timer);
        next?.();
      },
    });
    return new Response(body, response);
  });
  for (const [index, name] of NAMES.entries()) {
    await box.write(name, new Uint8Array(SIZE).fill(index));
  }
  await box.ok("push", `${box.host}/app:v1`, ...NAMES);
  isSlow = true;
  return box;
}

/** Verb, name, bar, share, sizes, speed, time left. */
const LIVE =
  /^[|/\\-] Downloading\s+(\S+)\s+\[=* *\] +(\d+)% (\S+ [KM]?B)\/2\.00 MB (\S+ [KM]?B)\/s (\S+)$/;

Deno.test({
  name:
    "pull draws a line for each of several transfers, and one for each that has ended",
  ignore,
  async fn() {
    await using box = await slowly();
    const screen = await onTerminal(
      box,
      ["pull", `${box.host}/app:v1`, "-o", "out"],
    );
    assertEquals(screen.code, 0, screen.screen);
    const lines = linesOf(screen);
    for (const name of NAMES) {
      const live = lines.flatMap((line) => {
        const [, found, share] = LIVE.exec(line) ?? [];
        return found === name ? [Number(share)] : [];
      });
      assert(live.length > 2, `${name} is drawn ${live.length} times`);
      assertEquals(live, live.toSorted((a, b) => a - b));
      assert(
        lines.some((line) =>
          line.startsWith("✓ Downloaded  ") && line.includes(name)
        ),
      );
    }
    assertStringIncludes(screen.screen, `Pulled [registry] ${box.host}/app:v1`);
  },
});

Deno.test({
  name: "no line is wider than the terminal, also where that changes its size",
  ignore,
  async fn() {
    await using box = await slowly();
    const pull = `gantry pull ${box.host}/app:v1 -o`;
    const narrow = await shellOnTerminal(box, `stty cols 40; ${pull} a`);
    const drawn = linesOf(narrow).filter((line) => /^.\s\w+ing /.test(line));
    assert(drawn.length > 3);
    for (const line of drawn) assert(line.length <= 40, line);

    // Once something is drawn, a line is typed, which the one in the background awaits.
    const resized = await shellOnTerminal(
      box,
      `stty cols 100 -echo; t=$(tty); (read x <$t; stty cols 50 <$t) & ${pull} b`,
      [["%", "\n"]],
    );
    assertEquals(resized.code, 0);
    const widths = linesOf(resized)
      .filter((line) => /^.\s\w+ing /.test(line))
      .map((line) => line.length);
    assert(widths.some((width) => width > 50), String(widths));
    assert(widths.at(-1)! <= 50, String(widths));
  },
});

Deno.test({
  name:
    "Ctrl-C ends a pull on a terminal, and leaves a part to go on with and nothing else",
  ignore,
  async fn() {
    for (
      const [flags, expected] of [[[], 1], [
        ["--exit-codes=detailed"],
        130,
      ]] as const
    ) {
      await using box = await slowly(true);
      const { code, screen } = await onTerminal(
        box,
        ["pull", `${box.host}/app:v1`, "-o", "out", ...flags],
        [["%", "\x03"]],
      );
      assertEquals(code, expected, screen);
      assertStringIncludes(screen, "Error: interrupted");
      for await (const { name } of Deno.readDir(`${box.folder}/out`)) {
        assert(name.startsWith(".gantry-"), name);
      }
    }
  },
});

Deno.test({
  name:
    "Ctrl-C ends a command that waits for what is typed, and the terminal echoes again",
  ignore,
  async fn() {
    await using box = await openSandbox();
    const login = await shellOnTerminal(
      box,
      `gantry login ${box.host} -u me; stty -a`,
      [["Password: ", "abc\x03"]],
    );
    assertStringIncludes(login.screen, "Error: interrupted");
    assert(/ echo /.test(login.screen), login.screen);
    assert(/ icanon /.test(login.screen), login.screen);
    assert(!login.screen.includes("abc"));

    for (
      const line of [
        `gantry blob push ${box.host}/app -`,
        `gantry manifest push ${box.host}/app:v1 -`,
        `gantry login ${box.host} -u me --password-stdin`,
        "gantry hash -",
        "gantry validate -",
        "gantry layer ls -",
        "gantry sync -",
      ]
    ) {
      const { code, screen } = await shellOnTerminal(
        box,
        `(sleep 1; echo ready) & ${line}`,
        [["ready", "\x03"]],
      );
      // On a machine that is so slow that nobody listens yet, the shell says 130.
      assert(code === 1 || code === 130, `${line}: ${screen}`);
      assertEquals(code === 1, screen.includes("Error: interrupted"), line);
    }
  },
});
