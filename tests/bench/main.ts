// deno-lint-ignore-file no-console
/**
 * Measures pushes, pulls, memory and start-up beside oras, skopeo and crane, and
 * hashing beside openssl, in one run, and prints medians and their ratios:
 *
 * `deno task bench [--rounds=5] [--size=1GiB] [--only=start,hash,manifest,layers,plain,tls,own,memory,server,copy,files]`
 *
 * What the machine lacks is left out, and told.
 */
import { parseArgs } from "node:util";
import { removeFolders } from "./disk.ts";
import { SCENARIOS } from "./scenarios.ts";
import { drawTable, type Row } from "./table.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    size: { type: "string", default: "1GiB" },
    only: { type: "string", default: Object.keys(SCENARIOS).join(",") },
  },
});

function parseSize(text: string): number {
  const [, number, unit] = /^(\d+)(KiB|MiB|GiB)$/.exec(text) ?? [];
  if (number === undefined) {
    throw new RangeError(`Cannot use size "${text}": expected as 256MiB`);
  }
  return Number(number) * 1024 ** (["KiB", "MiB", "GiB"].indexOf(unit!) + 1);
}

const options = {
  rounds: Number(values.rounds),
  size: parseSize(values.size),
  log: (line: string): void => console.error(line),
};
Deno.addSignalListener("SIGINT", () => {
  removeFolders();
  Deno.exit(130);
});

const rows: Row[] = [];
for (const name of values.only.split(",")) {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) {
    throw new RangeError(
      `Cannot run "${name}": known are ${Object.keys(SCENARIOS).join(", ")}`,
    );
  }
  const measured = await scenario(options);
  if (measured.length === 0) console.error(`Not measured here: ${name}`);
  rows.push(...measured);
}
console.log(
  `${values.size} blob, medians; ratio to oras, or to the last tool, in the same scenario`,
);
console.log(drawTable(rows));
