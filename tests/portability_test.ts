import { assert, assertEquals } from "@std/assert";
import {
  readFacts,
  ROOT,
  type WalkedFile,
  walkImports,
} from "./_support/imports.ts";

const { exports: EXPORTS } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
) as { exports: Record<string, string> };

/** Every entry that must run on any runtime with the web's own interfaces. */
const PORTABLE = Object.values(EXPORTS).filter((path) =>
  path.endsWith("/mod.ts")
).map((path) => path.slice(2));

/** What each floor may import of ours. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  digest: ["digest"],
  image: ["image", "digest"],
  distribution: ["distribution", "image", "digest"],
  oras: ["oras", "distribution", "image", "digest"],
};

Deno.test("readFacts() sees code, and neither comments nor strings", () => {
  const facts = readFacts(
    "sample.ts",
    `
    // Deno.exit(1); import "node:fs";
    /** \`\`\`ts
     * import "node:os";
     * Deno.args;
     * \`\`\` */
    import type { A } from "./a.ts";
    export * from "./b.ts";
    export { c } from "./c.ts";
    const text = "Deno.args" + \`\${A} Deno.env\`;
    const lazy = () => import("node:net");
    const known = "Deno" in globalThis;
    export const used = globalThis.Deno.args ?? Deno.env;
    export const deep = \`\${Buffer.from(text)}\`;
    `,
  );
  assertEquals(facts.imports, ["./a.ts", "./b.ts", "./c.ts"]);
  assertEquals(facts.bound.toSorted(), [
    "Buffer.from",
    "Deno.args",
    "Deno.env",
  ]);
});

Deno.test("mod.ts files reach no module that is bound to a runtime", async () => {
  assert(PORTABLE.length >= 7, "The package exports its floors");
  for (const entry of PORTABLE) {
    for (const file of (await walkImports(entry)).values()) {
      assertEquals(file.bound, [], `Runtime-bound: ${tell(file)}`);
      for (const specifier of file.imports) {
        assert(
          !/^(node|bun|cloudflare):/.test(specifier),
          `${specifier} is imported by ${tell(file)}`,
        );
      }
      assert(
        !file.path.split("/").includes("node"),
        `Runtime-bound folder: ${tell(file)}`,
      );
    }
  }
});

Deno.test("mod.ts files only re-export", async () => {
  for (const entry of PORTABLE) {
    const text = await Deno.readTextFile(new URL(entry, ROOT));
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "")
      .replaceAll(/\/\/.*$/gm, "");
    for (const statement of code.split(";")) {
      assert(
        statement.trim() === "" ||
          /^\s*export\b[\s\S]*\bfrom\b/.test(statement),
        `${entry} does more: ${statement.trim()}`,
      );
    }
  }
});

Deno.test("floors import no floor above them", async () => {
  for (const [floor, allowed] of Object.entries(FLOORS)) {
    for await (const { path, imports } of sources(floor)) {
      for (const target of imports) {
        const top = target.split("/")[0]!;
        assert(
          allowed.includes(top) || target === "deno.json",
          `${path} imports ${target}`,
        );
        assert(
          !target.endsWith("/mod.ts") || path.endsWith("mod.ts"),
          `${path} imports ${target}, and not the file that defines the thing`,
        );
      }
    }
  }
});

Deno.test("cli.ts starts without node:, npm and @std modules", async () => {
  const files = await walkImports("cli.ts");
  assert(files.size > 1, "The command has modules");
  for (const file of files.values()) {
    for (const specifier of file.imports) {
      assert(
        specifier.startsWith("."),
        `${specifier} is imported at start by ${tell(file)}`,
      );
    }
  }
});

function tell(file: WalkedFile): string {
  return file.chain.join(" > ");
}

/** The sources below a folder, with all of our files that each one imports. */
async function* sources(
  folder: string,
): AsyncIterable<{ path: string; imports: string[] }> {
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(path);
    if (!entry.isFile || !path.endsWith(".ts")) continue;
    const url = new URL(path, ROOT);
    const text = await Deno.readTextFile(url);
    const lazy = [...text.matchAll(/\bimport\(\s*"(\.[^"]+)"/g)]
      .map(([, specifier]) => specifier!);
    const imports = [...readFacts(path, text).imports, ...lazy]
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => new URL(specifier, url).href.slice(ROOT.href.length));
    yield { path, imports };
  }
}
