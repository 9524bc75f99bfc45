import { readFacts, ROOT } from "./imports.ts";

/** The folders whose tests say what the library does on every runtime. */
const FOLDERS = [
  "tests/digest",
  "tests/image",
  "tests/distribution",
  "tests/oras",
];

/**
 * Files of tests that import nothing of one runtime and still need one, with what
 * they need.
 */
const BOUND_BY_MEANING: Readonly<Record<string, string>> = {
  "tests/digest/portable_hasher_test.ts": "node:crypto, to compare with",
  "tests/oras/sync/sync_insecure_test.ts":
    "a transport that takes any certificate, which a browser has not",
};

/** Files of tests, as paths from the top folder. */
export interface PortableTests {
  /** Those that any runtime with the web's interfaces can run. */
  readonly chosen: readonly string[];
  /** The others, with what each needs of one runtime. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/**
 * Sorts the files of tests by one rule: a file is portable if all that it imports,
 * directly or not, names no built-in module of a runtime and uses no global of one,
 * `Deno.test` apart.
 */
export async function portableTests(): Promise<PortableTests> {
  const { exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  ) as { exports: Record<string, string> };
  const needs = needsReader(exports);
  const chosen: string[] = [];
  const leftOut = new Map<string, string>();
  for (const folder of FOLDERS) {
    for await (const path of testFiles(folder)) {
      const need = BOUND_BY_MEANING[path] ?? await needs(path);
      if (need === undefined) chosen.push(path);
      else leftOut.set(path, need);
    }
  }
  return { chosen: chosen.sort(), leftOut };
}

async function* testFiles(folder: string): AsyncIterable<string> {
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* testFiles(path);
    else if (path.endsWith("_test.ts")) yield path;
  }
}

/** Says what of one runtime a file needs; undefined if nothing. Each file is read once. */
function needsReader(
  exports: Readonly<Record<string, string>>,
): (path: string) => Promise<string | undefined> {
  const known = new Map<string, Promise<FileNeeds>>();
  const read = (path: string): Promise<FileNeeds> => {
    const answer = known.get(path) ?? readNeeds(path, exports);
    known.set(path, answer);
    return answer;
  };
  return async (entry) => {
    const paths = new Set([entry]);
    for (const path of paths) {
      const { need, imports } = await read(path);
      if (need !== undefined) return `${need} in ${path}`;
      for (const target of imports) paths.add(target);
    }
    return undefined;
  };
}

interface FileNeeds {
  readonly need?: string | undefined;
  readonly imports: readonly string[];
}

async function readNeeds(
  path: string,
  exports: Readonly<Record<string, string>>,
): Promise<FileNeeds> {
  if (!path.endsWith(".ts")) return { imports: [] };
  const url = new URL(path, ROOT);
  const { bound, imports } = readFacts(path, await Deno.readTextFile(url));
  return {
    need: bound.find((name) => name !== "Deno.test") ??
      imports.find((specifier) => specifier.startsWith("node:")),
    imports: imports.flatMap((specifier) => resolve(specifier, url, exports)),
  };
}

/** The path of what a specifier names; none for other packages. */
function resolve(
  specifier: string,
  from: URL,
  exports: Readonly<Record<string, string>>,
): string[] {
  if (specifier.startsWith(".")) {
    return [new URL(specifier, from).href.slice(ROOT.href.length)];
  }
  if (!specifier.startsWith("@gantry/oci")) return [];
  return [exports[`.${specifier.slice("@gantry/oci".length)}`]!.slice(2)];
}
