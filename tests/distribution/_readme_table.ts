import { assert, assertEquals } from "@std/assert";

/** A row of a table that leads from another system to this one. */
export interface TableRow {
  /** The other system's way, as text. */
  readonly name: string;
  /** Ours: an expression of JavaScript. */
  readonly code: string;
}

/** Reads the table below a heading of `distribution/README.md`. */
export async function readTable(heading: string): Promise<TableRow[]> {
  const url = new URL("../../distribution/README.md", import.meta.url);
  const text = await Deno.readTextFile(url);
  const start = text.indexOf(`\n${heading}\n`);
  assert(start >= 0, `There is no ${heading}`);
  const [section = ""] = text.slice(start + heading.length + 1)
    .split(/\n#+ /);
  const rows: TableRow[] = [];
  for (const line of section.split("\n")) {
    const cells = /^\| (.+?) +\| `(.+)` +\|$/.exec(line);
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
  heading: string,
  checks: Readonly<Record<string, RowCheck>>,
  openScope: () => Promise<AsyncDisposable & { readonly names: object }>,
): Promise<void> {
  const rows = await readTable(heading);
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
