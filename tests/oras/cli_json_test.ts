import { assert, assertEquals } from "@std/assert";
import type { Sandbox } from "../_support/cli_sandbox.ts";
import { startGantry } from "../_support/gantry.ts";
import { ENDLESS, leavesOf, LINES, openWorkshop } from "./_every_command.ts";

/** The members of a value, and of those within it, in their order. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.entries(value).map(([key, item]) => [key, shapeOf(item)]);
}

async function runAll(
  box: Sandbox,
  format: string,
): Promise<Map<string, string>> {
  const outputs = new Map<string, string>();
  for (const [line, stdin = ""] of LINES) {
    const words = line.replaceAll("HOST", box.host).split(" ");
    const { code, stderr, stdout } = await box.gantry(
      [...words, "--format", format],
      { stdin },
    );
    assertEquals(code, 0, `${line}: ${stderr}`);
    outputs.set(line, stdout);
  }
  return outputs;
}

Deno.test("a line is there for every command", () => {
  for (const { path } of leavesOf()) {
    const name = path.join(" ");
    if (name === ENDLESS) continue;
    assert(
      LINES.some(([line]) => line === name || line.startsWith(`${name} `)),
      `no line runs ${name}`,
    );
  }
});

Deno.test("every command has --format, prints one JSON value, and its members in one order", async () => {
  for (const { command, path } of leavesOf()) {
    const { choices } = command.flags!.find(({ name }) => name === "format")!;
    assert(choices!.includes("json"), path.join(" "));
    assert(choices!.includes("go-template"), path.join(" "));
  }
  await using first = await openWorkshop();
  await using second = await openWorkshop();
  const [one, two] = await Promise.all([
    runAll(first, "json"),
    runAll(second, "json"),
  ]);
  for (const [line, stdout] of one) {
    const value = JSON.parse(stdout);
    assert(typeof value === "object" && value !== null, line);
    assertEquals(shapeOf(value), shapeOf(JSON.parse(two.get(line)!)), line);
  }
});

Deno.test("every command prints what a template makes of its value, and nothing else", async () => {
  await using box = await openWorkshop();
  for (const [line, stdout] of await runAll(box, 'go-template={{"ok"}}')) {
    assertEquals(stdout, "ok", line);
  }
});

Deno.test("serve --format json tells its URL", async () => {
  await using server = await startGantry([
    ...["serve", "--listen", "127.0.0.1:0"],
    ...["--format", "go-template=Listening on {{.url}}{{println}}"],
  ]);
  assert(/^127\.0\.0\.1:\d+$/.test(server.host));
});
