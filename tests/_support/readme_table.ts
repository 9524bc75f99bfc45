import { assert, assertEquals } from "@std/assert";
import { ROOT } from "./imports.ts";

/** A row of a table that leads from another system to this one. */
export interface TableRow {
  /** The other system's way, as text. */
  readonly name: string;
  /** Ours: an expression of JavaScript. */
  readonly code: string;
}

/** Where a table stands. */
export interface TablePlace {
  /** The page, such as `oras/README.md`. */
  readonly page: string;
  /** The heading above it. */
  readonly heading: string;
}

/** Reads a table of two or three columns, of which the second holds the code. */
export async function readTable(
  { heading, page }: TablePlace,
): Promise<TableRow[]> {
  const text = await Deno.readTextFile(new URL(page, ROOT));
  const start = text.indexOf(`\n${heading}\n`);
  assert(start >= 0, `There is no ${heading}`);
  const [section = ""] = text.slice(start + heading.length + 1)
    .split(/\n#+ /);
  const rows: TableRow[] = [];
  for (const line of section.split("\n")) {
    const cells = /^\| ([^|]+?) +\| `([^|]+)` +\|(?:[^|]*\|)?$/.exec(line);
    if (cells === null) continue;
    const [name, code] = cells.slice(1) as [string, string];
    rows.push({ name: name.replaceAll("`", ""), code });
  }
  return rows;
}

/** What a row's expression gave is what it should be. */
export type RowCheck = (value: unknown) => void | Promise<void>;

/**
 * Runs each row's expression, with the members of a scope made for it as its
 * names, and checks what it gives.
 */
export async function runTable(
  t: Deno.TestContext,
  place: TablePlace,
  checks: Readonly<Record<string, RowCheck>>,
  openScope: () => Promise<AsyncDisposable & { readonly names: object }>,
): Promise<void> {
  const rows = await readTable(place);
  assertEquals(rows.map(({ name }) => name), Object.keys(checks));
  for (const { name, code } of rows) {
    await t.step(`${name}: ${code}`, async () => {
      await using scope = await openScope();
      const keys = Object.keys(scope.names).join(", ");
      const { default: run } = await import(
        `data:text/javascript,${
          encodeURIComponent(`export default async ({${keys}}) => (${code});`)
        }`
      );
      await checks[name]!(await run(scope.names));
    });
  }
}
