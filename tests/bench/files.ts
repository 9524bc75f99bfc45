import { found } from "../_support/programs.ts";
import { startDelayProxy } from "./delay_proxy.ts";
import { makeFolder, remove, warm } from "./disk.ts";
import { measure, type Measured } from "./measure.ts";
import type { BenchOptions } from "./scenarios.ts";
import { startDockerRegistry } from "./servers.ts";
import type { Row } from "./table.ts";
import { GANTRY } from "./tools.ts";

/** The round trip to a registry that is not in the same building, in milliseconds. */
const ROUND_TRIP = 20;

/** What is pushed and pulled: arguments below the folder `in`. */
interface Content {
  readonly name: string;
  readonly args: readonly string[];
  readonly size: number;
  readonly roundTrips: readonly number[];
  make(folder: string): Promise<void>;
}

/** Measures pushes and pulls of many files, and of directories, beside oras. */
export async function benchFiles(options: BenchOptions): Promise<Row[]> {
  if (!found("docker-registry")) return [];
  const names = Array.from({ length: 200 }, (_, index) => `file-${index}`);
  const contents: readonly Content[] = [
    {
      name: "200 files of 64 KiB",
      args: names,
      size: 200 * 64 * 1024,
      roundTrips: [0, ROUND_TRIP],
      make: (folder) => writeFiles(folder, names, randomBytes),
    },
    {
      name: "directory of 2,000 x 4 KiB",
      args: ["tree"],
      size: 2000 * 4096,
      roundTrips: [0],
      make: (folder) =>
        writeFiles(
          `${folder}/tree`,
          Array.from({ length: 2000 }, (_, n) => `${n % 20}/file-${n}`),
          () => randomBytes().subarray(0, 4096),
        ),
    },
    {
      name: "directory of text",
      args: ["text"],
      size: options.size,
      roundTrips: [0],
      make: (folder) => writeText(`${folder}/text`, options.size),
    },
  ];
  const rows: Row[] = [];
  for (const content of contents) {
    rows.push(...await benchContent(content, options));
  }
  return rows;
}

async function benchContent(
  content: Content,
  options: BenchOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  const folder = await makeFolder();
  try {
    await Deno.mkdir(`${folder}/in`);
    await content.make(`${folder}/in`);
    await using server = await startDockerRegistry(`${folder}/registry`);
    for (const roundTrip of content.roundTrips) {
      await using line = startDelayProxy(server.host, roundTrip);
      const host = roundTrip === 0 ? server.host : line.host;
      const far = roundTrip === 0 ? "" : `, ${roundTrip} ms away`;
      const tools = [
        { name: "gantry", command: GANTRY },
        ...found("oras") ? [{ name: "oras", command: ["oras"] }] : [],
      ];
      const pushed = tools.map((): Measured[] => []);
      const pulled = tools.map((): Measured[] => []);
      for (let round = 0; round < options.rounds; round++) {
        for (const [index, { name, command }] of tools.entries()) {
          await server.clear();
          await warm(folder, content.size);
          const reference = `${host}/bench/${name}:v1`;
          const up = await measure({
            command: within(`${folder}/in`, [
              ...command,
              "push",
              "--plain-http",
              reference,
              ...content.args,
            ]),
          });
          await remove(`${folder}/out`);
          const down = await measure({
            command: [
              ...command,
              "pull",
              "--plain-http",
              "--output",
              `${folder}/out`,
              reference,
            ],
          });
          pushed[index]!.push(up);
          pulled[index]!.push(down);
          options.log(
            `${content.name}${far}: ${name} ${up.wall.toFixed(3)} s, ${
              down.wall.toFixed(3)
            } s`,
          );
        }
      }
      for (const [word, measured] of [["push", pushed], ["pull", pulled]]) {
        rows.push(
          ...tools.map(({ name }, index) => ({
            scenario: `${word} ${content.name}${far}`,
            tool: name,
            rounds: (measured as Measured[][])[index]!,
          })),
        );
      }
    }
    return rows;
  } finally {
    await remove(folder);
  }
}

/** A command that runs in a folder. */
function within(folder: string, command: readonly string[]): string[] {
  return ["env", "-C", folder, ...command];
}

function randomBytes(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(64 * 1024));
}

async function writeFiles(
  folder: string,
  names: readonly string[],
  content: () => Uint8Array,
): Promise<void> {
  for (const name of names) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(path, content());
  }
}

/** Text that compresses as source code does, in files of 4 MiB. */
async function writeText(folder: string, size: number): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const words = Array.from(
    { length: 2000 },
    () => Math.random().toString(36).slice(2, 3 + Math.random() * 9),
  );
  const piece = 4 * 1024 * 1024;
  for (let index = 0; index * piece < size; index++) {
    let text = "";
    while (text.length < piece) {
      const line = Array.from(
        { length: 12 },
        () => words[Math.floor(Math.random() ** 2 * words.length)],
      );
      text += `${line.join(" ")}\n`;
    }
    await Deno.writeTextFile(`${folder}/${index}.txt`, text.slice(0, piece));
  }
}
