import { fileURLToPath } from "node:url";

/** The project's top folder, as a URL that ends in a slash. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** What one file imports and touches. */
export interface FileFacts {
  /** What `import` and `export … from` name, types included. */
  readonly imports: readonly string[];
  /** Uses of what only some runtimes have, as `Deno.args`. */
  readonly bound: readonly string[];
}

/** Globals that some runtimes lack. */
const BOUND: ReadonlySet<string> = new Set(["Deno", "Bun", "Buffer"]);

/**
 * Reads the static imports and the runtime-bound globals of a source, from its
 * syntax tree, so that comments, examples in docs and strings do not count.
 */
export function readFacts(path: string, text: string): FileFacts {
  const imports: string[] = [];
  const bound: string[] = [];
  const onImport = (
    { source }: { readonly source?: { readonly value: string } | null },
  ): void => {
    if (source) imports.push(source.value);
  };
  const plugin: Deno.lint.Plugin = {
    name: "facts",
    rules: {
      facts: {
        create: () => ({
          ImportDeclaration: onImport,
          ExportAllDeclaration: onImport,
          ExportNamedDeclaration: onImport,
          MemberExpression({ object, property }) {
            const name = nameOf(object);
            if (name === undefined || !BOUND.has(name)) return;
            bound.push(`${name}.${nameOf(property) ?? "…"}`);
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, path, text);
  return { imports, bound };
}

/** `Deno` of `Deno` and of `globalThis.Deno`. */
function nameOf(node: Deno.lint.Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type === "MemberExpression") return nameOf(node.property);
  return undefined;
}

/** A file's facts, and how the walk came to it. */
export interface WalkedFile extends FileFacts {
  /** The file's path from the top folder. */
  readonly path: string;
  /** The files from the entry to this one. */
  readonly chain: readonly string[];
}

/** Walks the static imports from an entry file through all files of ours. */
export async function walkImports(
  entry: string,
): Promise<Map<string, WalkedFile>> {
  const files = new Map<string, WalkedFile>();
  const queue: { path: string; chain: string[] }[] = [
    { path: entry, chain: [entry] },
  ];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { path, chain } = next;
    if (files.has(path) || !path.endsWith(".ts")) continue;
    const url = new URL(path, ROOT);
    const facts = readFacts(path, await Deno.readTextFile(url));
    files.set(path, { path, chain, ...facts });
    for (const specifier of facts.imports) {
      if (!specifier.startsWith(".")) continue;
      const target = fileURLToPath(new URL(specifier, url))
        .slice(fileURLToPath(ROOT).length);
      queue.push({ path: target, chain: [...chain, target] });
    }
  }
  return files;
}
