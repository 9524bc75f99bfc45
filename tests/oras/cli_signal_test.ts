import { assertEquals } from "@std/assert";

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
