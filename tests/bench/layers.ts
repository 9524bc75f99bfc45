import { fileURLToPath } from "node:url";
import { found } from "../_support/programs.ts";
import { makeFolder, remove, warm, writeRandom } from "./disk.ts";
import { measure, type Measured } from "./measure.ts";
import type { Row } from "./table.ts";
import { GANTRY } from "./tools.ts";

const PROGRAM = fileURLToPath(new URL("./layer_program.ts", import.meta.url));
const OURS = [...GANTRY.slice(0, -1), PROGRAM];
/** Compressible text is slow to pack, so less of it is packed. */
const TEXT_PART = 8;

/** One thing to do in two ways. */
interface Case {
  readonly scenario: string;
  /** What is written and deleted again before each round. */
  readonly output: string;
  readonly size: number;
  readonly ours: readonly string[];
  readonly peer: string;
  readonly theirs: readonly string[];
}

/**
 * Packs and unpacks 20,000 small files and a large one beside tar, and packs text
 * with gzip beside `gzip -6`. Ours hashes in the same pass, which the others do not.
 */
export async function benchLayers(
  { rounds, size, log }: {
    readonly rounds: number;
    readonly size: number;
    readonly log: (line: string) => void;
  },
): Promise<Row[]> {
  if (!found("tar") || !found("gzip")) return [];
  const folder = await makeFolder();
  try {
    const rows: Row[] = [];
    for (const one of await prepare(folder, size)) {
      const measured: [Measured[], Measured[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        for (const [index, command] of [one.ours, one.theirs].entries()) {
          await remove(one.output);
          await warm(folder, one.size);
          if (one.scenario.startsWith("unpack")) await Deno.mkdir(one.output);
          const result = await measure({ command });
          measured[index]!.push(result);
          log(`${one.scenario}: ${command[0]} ${result.wall.toFixed(3)} s`);
        }
      }
      await remove(one.output);
      rows.push(
        { scenario: one.scenario, tool: "gantry", rounds: measured[0] },
        { scenario: one.scenario, tool: one.peer, rounds: measured[1] },
      );
    }
    return rows;
  } finally {
    await remove(folder);
  }
}

async function prepare(folder: string, size: number): Promise<Case[]> {
  await makeSmall(`${folder}/small`);
  await Deno.mkdir(`${folder}/large`);
  await writeRandom(`${folder}/large/file`, size);
  await Deno.mkdir(`${folder}/text`);
  await writeText(`${folder}/text/file`, size / TEXT_PART);
  const cases: Case[] = [];
  for (
    const [name, what, bytes] of [
      ["small", "20,000 small files", 20_000 * 1024],
      ["large", "one large file", size],
    ] as const
  ) {
    const tree = `${folder}/${name}`;
    const kept = `${folder}/${name}.tar`;
    const [packed, unpacked] = [`${folder}/packed`, `${folder}/unpacked`];
    await measure({ command: ["tar", "-cf", kept, "-C", tree, "."] });
    cases.push({
      scenario: `pack ${what}`,
      output: packed,
      size: bytes,
      ours: [...OURS, "pack", tree, packed, "none"],
      peer: "tar",
      theirs: ["tar", "-cf", packed, "-C", tree, "."],
    }, {
      scenario: `unpack ${what}`,
      output: unpacked,
      size: bytes,
      ours: [...OURS, "apply", kept, unpacked],
      peer: "tar",
      theirs: ["tar", "-xf", kept, "-C", unpacked],
    });
  }
  const packed = `${folder}/packed`;
  const script = 'tar -cf - -C "$1" . | gzip -6 >"$2"';
  cases.push({
    scenario: "pack text with gzip",
    output: packed,
    size: size / TEXT_PART,
    ours: [...OURS, "pack", `${folder}/text`, packed, "gzip"],
    peer: "gzip -6",
    theirs: ["sh", "-c", script, "sh", `${folder}/text`, packed],
  });
  return cases;
}

async function makeSmall(folder: string): Promise<void> {
  for (let outer = 0; outer < 100; outer++) {
    await Deno.mkdir(`${folder}/${outer}`, { recursive: true });
    for (let inner = 0; inner < 200; inner++) {
      const text = `file ${outer} ${inner}\n`.repeat(1 + inner % 50);
      await Deno.writeTextFile(`${folder}/${outer}/file-${inner}`, text);
    }
  }
}

async function writeText(path: string, size: number): Promise<void> {
  const encoder = new TextEncoder();
  using file = await Deno.open(path, { write: true, create: true });
  for (let written = 0, block = 0; written < size; block++) {
    const lines = Array.from(
      { length: 20_000 },
      (_, line) =>
        `line ${line * 7919 % 9973} of ${
          Math.sin(line + block).toString(36)
        }\n`,
    );
    const bytes = encoder.encode(lines.join(""));
    for (let at = 0; at < bytes.length;) {
      at += await file.write(bytes.subarray(at));
    }
    written += bytes.length;
  }
}
