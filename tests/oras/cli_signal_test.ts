import { assertEquals } from "@std/assert";
import { ignoresHangup } from "../../oras/commands/_interrupt.ts";
import { found } from "../_support/programs.ts";

const MODULE = new URL("../../oras/commands/_interrupt.ts", import.meta.url);

/** A program whose clean-up never ends. */
const PROGRAM = `
import { listenForInterrupt } from ${JSON.stringify(MODULE.href)};
const { signal } = listenForInterrupt({ code: 7, onOverdue() {} });
signal.addEventListener("abort", () => console.log("cleaning up"));
setInterval(() => {}, 1000);
console.log("ready");
`;

Deno.test({
  name: "a second Ctrl-C ends the program at once, though it still cleans up",
  ignore: Deno.build.os === "windows",
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(file, PROGRAM);
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-config", "-A", file],
        stdin: "null",
        stdout: "piped",
      }).spawn();
      const lines: string[] = [];
      const decoder = new TextDecoderStream();
      for await (const text of child.stdout.pipeThrough(decoder)) {
        lines.push(...text.split("\n").filter((line) => line !== ""));
        child.kill("SIGINT");
      }
      assertEquals(lines, ["ready", "cleaning up"]);
      assertEquals((await child.status).code, 7);
    } finally {
      await Deno.remove(file);
    }
  },
});

/** A program that tells, when asked, whether it has been ended. */
const WAITER = `
import { listenForInterrupt } from ${JSON.stringify(MODULE.href)};
const interrupt = listenForInterrupt({ code: 7, onOverdue() {} });
console.log("ready");
interrupt.signal.addEventListener("abort", () => console.log("ended"));
for await (const _ of Deno.stdin.readable) break;
console.log("done");
interrupt.stop();
`;

Deno.test({
  name:
    "the end of the terminal ends the program in order, but not under nohup",
  ignore: Deno.build.os !== "linux" || !found("nohup"),
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(file, WAITER);
      for (const program of [[], ["nohup"]]) {
        const line = [...program, Deno.execPath()];
        const child = new Deno.Command(line[0]!, {
          args: [...line.slice(1), "run", "--quiet", "--no-config", "-A", file],
          stdin: "piped",
          stdout: "piped",
          stderr: "null",
        }).spawn();
        const writer = child.stdin.getWriter();
        const lines: string[] = [];
        const decoder = new TextDecoderStream();
        for await (const text of child.stdout.pipeThrough(decoder)) {
          lines.push(...text.split("\n").filter((line) => line !== ""));
          if (lines.length === 1) child.kill("SIGHUP");
          // Without an end of its own it is asked.
          if (lines.length === (program.length === 0 ? 2 : 1)) {
            await writer.write(new Uint8Array(1));
          }
        }
        await writer.close();
        assertEquals(
          lines,
          program.length === 0 ? ["ready", "ended", "done"] : ["ready", "done"],
        );
        assertEquals((await child.status).code, 0);
      }
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test("ignoresHangup() reads what Linux tells of a process", () => {
  assertEquals(ignoresHangup("SigIgn:\t0000000000000001\n"), true);
  assertEquals(ignoresHangup("x:\t1\nSigIgn:\t0000000000001000\n"), false);
  assertEquals(ignoresHangup("SigIgn:\t0000000000001003\n"), true);
  assertEquals(ignoresHangup(""), false);
});
