import { assert, assertEquals } from "@std/assert";
import type { Command } from "../../oras/commands/_command.ts";
import { PROGRAM } from "../../oras/commands/table.ts";

interface Edge {
  readonly isDynamic?: boolean;
  readonly code?: { readonly specifier: string };
}

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly Edge[];
}

const ROOT = new URL("../../", import.meta.url).href;

async function readGraph(): Promise<ReadonlyMap<string, Module>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL("cli.ts", ROOT).href],
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  return new Map(
    modules.map((module: Module) => [module.specifier, module]),
  );
}

/** What is loaded with a module: all that it imports statically, itself included. */
function loaded(graph: ReadonlyMap<string, Module>, entry: string): string[] {
  const seen = new Set([entry]);
  for (const specifier of seen) {
    for (const edge of graph.get(specifier)?.dependencies ?? []) {
      if (!edge.isDynamic && edge.code) seen.add(edge.code.specifier);
    }
  }
  return [...seen].map((specifier) => specifier.replace(ROOT, ""));
}

function commandsBelow(command: Command): Command[] {
  return [command, ...(command.commands ?? []).flatMap(commandsBelow)];
}

Deno.test("start-up loads the table and no command, and each command only itself", async () => {
  const graph = await readGraph();
  const start = loaded(graph, `${ROOT}cli.ts`);
  const commands = start.filter((path) => /\/table_\w+\.ts$/.test(path))
    .flatMap((path) => graph.get(ROOT + path)?.dependencies ?? [])
    .filter(({ isDynamic }) => isDynamic)
    .map(({ code }) => code!.specifier);
  // Several commands may share a module.
  const loads = commandsBelow(PROGRAM).flatMap(({ load }) => load ?? []);
  assertEquals(commands.length, new Set(loads.map(String)).size);
  for (const path of start) {
    assert(path === "cli.ts" || path.startsWith("oras/commands/"), path);
    assert(!commands.includes(ROOT + path), path);
  }
  for (const command of commands) {
    const paths = loaded(graph, command).map((path) => ROOT + path);
    assertEquals(
      commands.filter((other) => paths.includes(other)),
      [command],
    );
  }
});

Deno.test("version loads nothing else than the configuration of the package", async () => {
  const graph = await readGraph();
  assertEquals(
    loaded(graph, `${ROOT}oras/commands/version.ts`).sort(),
    ["deno.json", "oras/commands/version.ts"],
  );
});

Deno.test("no command but serve loads a built-in of Node before it needs one", async () => {
  const graph = await readGraph();
  for (const specifier of graph.keys()) {
    const path = specifier.replace(ROOT, "");
    if (!/^oras\/commands\/[a-z_]+\.ts$/.test(path)) continue;
    if (path.endsWith("/serve.ts")) continue;
    const builtins = loaded(graph, specifier)
      .filter((path) => path.startsWith("node:"));
    assertEquals(builtins, [], path);
  }
});
