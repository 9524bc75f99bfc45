import { fileURLToPath } from "node:url";
import { found } from "../_support/programs.ts";
import { makeFolder, remove, warm, writeRandom } from "./disk.ts";
import { arrived, FILE_NAME, type Layout, makeLayout } from "./layout.ts";
import { benchManifest } from "./manifest.ts";
import { benchLayers } from "./layers.ts";
import { measure, type Measured } from "./measure.ts";
import { benchServer } from "./server.ts";
import { benchCopy } from "./copy.ts";
import { benchFiles } from "./files.ts";
import {
  makeCertificates,
  type Server,
  startDockerRegistry,
  startGantryRegistry,
} from "./servers.ts";
import type { Row } from "./table.ts";
import { GANTRY, type Place, type Tool, TOOLS } from "./tools.ts";

/** What a scenario is told. */
export interface BenchOptions {
  /** How often each tool runs. */
  readonly rounds: number;
  /** The size of the blob in bytes. */
  readonly size: number;
  /** Takes a line about what goes on. */
  readonly log: (line: string) => void;
}

/** A part of the benchmark that can be run alone. */
export type Scenario = (options: BenchOptions) => Promise<Row[]>;

const HASH = fileURLToPath(new URL("hash.ts", import.meta.url));

/** All scenarios, by the name that `--only` takes. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  start: benchStart,
  hash: benchHash,
  manifest: benchManifest,
  layers: benchLayers,
  plain: (options) => benchDockerRegistry(options, false),
  tls: (options) => benchDockerRegistry(options, true),
  own: benchOwnRegistry,
  memory: benchMemory,
  server: benchServer,
  copy: benchCopy,
  files: benchFiles,
};

/** Runs tools in turn, `rounds` times, so that none has the quiet moments. */
async function alternate<T>(
  { rounds, log }: BenchOptions,
  scenario: string,
  tools: readonly T[],
  nameOf: (tool: T) => string,
  run: (tool: T) => Promise<Measured>,
): Promise<Row[]> {
  const measured = tools.map((): Measured[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, tool] of tools.entries()) {
      const result = await run(tool);
      measured[index]!.push(result);
      log(`${scenario}: ${nameOf(tool)} ${result.wall.toFixed(3)} s`);
    }
  }
  return tools.map((tool, index) => ({
    scenario,
    tool: nameOf(tool),
    rounds: measured[index]!,
  }));
}

async function benchStart(options: BenchOptions): Promise<Row[]> {
  const folder = await makeFolder();
  try {
    await Deno.writeTextFile(`${folder}/empty.ts`, "");
    const programs: [string, readonly string[]][] = [
      ["gantry", [...GANTRY, "version"]],
      ["empty script", [...GANTRY.slice(0, -1), `${folder}/empty.ts`]],
      ...found("oras") ? [["oras", ["oras", "version"]] as const] : [],
    ].map(([name, command]) => [name as string, command as string[]]);
    const rounds = Math.max(25, options.rounds);
    const rows = await alternate(
      { ...options, rounds, log: () => {} },
      "version",
      programs,
      ([name]) => name,
      ([, command]) => measure({ command }),
    );
    return rows;
  } finally {
    await remove(folder);
  }
}

/** Reads a file and computes its digest. */
async function benchHash(options: BenchOptions): Promise<Row[]> {
  const folder = await makeFolder();
  try {
    const file = `${folder}/${FILE_NAME}`;
    await writeRandom(file, options.size);
    const rows: Row[] = [];
    for (const algorithm of ["sha256", "sha512"]) {
      const programs: [string, readonly string[]][] = [
        ["gantry", [...GANTRY.slice(0, -1), HASH, file, algorithm]],
        ...found("openssl")
          ? [["openssl", ["openssl", "dgst", `-${algorithm}`, file]] as const]
          : [],
      ].map(([name, command]) => [name as string, command as string[]]);
      rows.push(
        ...await alternate(
          options,
          `hash, ${algorithm}`,
          programs,
          ([name]) => name,
          ([, command]) => measure({ command }),
        ),
      );
    }
    return rows;
  } finally {
    await remove(folder);
  }
}

/** Makes a blob and a layout around it, and removes all of it afterwards. */
async function withLayout(
  size: number,
  use: (layout: Layout, folder: string) => Promise<Row[]>,
): Promise<Row[]> {
  const folder = await makeFolder();
  try {
    await Deno.mkdir(`${folder}/source`);
    const file = `${folder}/source/${FILE_NAME}`;
    await writeRandom(file, size);
    return await use(await makeLayout(`${folder}/layout`, file), folder);
  } finally {
    await remove(folder);
  }
}

async function benchPush(
  options: BenchOptions,
  scenario: string,
  tools: readonly Tool[],
  place: Place & { readonly server: Server },
  [layout, folder]: [Layout, string],
): Promise<Row[]> {
  return await alternate(
    options,
    scenario,
    tools,
    ({ name }) => name,
    async (tool) => {
      await place.server.clear();
      await warm(folder, layout.size);
      return await measure(tool.push(place, layout));
    },
  );
}

async function benchPull(
  options: BenchOptions,
  scenario: string,
  tools: readonly Tool[],
  place: Place,
  [layout, folder]: [Layout, string],
): Promise<Row[]> {
  const output = `${folder}/pulled`;
  return await alternate(
    options,
    scenario,
    tools,
    ({ name }) => name,
    async (tool) => {
      await remove(output);
      await warm(folder, layout.size);
      await Deno.mkdir(output);
      const result = await measure(tool.pull(place, layout, output));
      await arrived(`${output}/${tool.pulled(layout)}`, layout);
      return result;
    },
  );
}

/** Stores the layout as `bench/image:v1`, by the first tool that can. */
async function store(place: Place, layout: Layout): Promise<void> {
  const tool = TOOLS.find(({ name }) => name === "skopeo" || name === "crane");
  const { command, env } = (tool ?? TOOLS[0]!).push(place, layout);
  const name = `/bench/${(tool ?? TOOLS[0]!).name}:v1`;
  await measure({
    command: command.map((text) => text.replace(name, "/bench/image:v1")),
    ...env && { env },
  });
}

async function benchDockerRegistry(
  options: BenchOptions,
  secure: boolean,
): Promise<Row[]> {
  if (!found("docker-registry") || secure && !found("openssl")) return [];
  return await withLayout(options.size, async (layout, folder) => {
    const certificates = secure
      ? await makeCertificates(`${folder}/certificates`)
      : undefined;
    await using server = await startDockerRegistry(
      `${folder}/registry`,
      certificates,
    );
    const place = {
      host: server.host,
      server,
      ...certificates && { certificates },
    };
    const to = secure ? "docker-registry, TLS" : "docker-registry";
    const content: [Layout, string] = [layout, folder];
    const pushed = await benchPush(
      options,
      `push to ${to}`,
      TOOLS,
      place,
      content,
    );
    await server.clear();
    await store(place, layout);
    const pulled = await benchPull(
      options,
      `pull from ${to}`,
      TOOLS,
      place,
      content,
    );
    return [...pushed, ...pulled];
  });
}

async function benchOwnRegistry(options: BenchOptions): Promise<Row[]> {
  return await withLayout(options.size, async (layout, folder) => {
    await using server = await startGantryRegistry(`${folder}/registry`);
    const place = { host: server.host, server };
    const content: [Layout, string] = [layout, folder];
    const pushed = await benchPush(
      options,
      "push to gantry serve",
      TOOLS,
      place,
      content,
    );
    await server.clear();
    await store(place, layout);
    const pulled = await benchPull(
      options,
      "pull from gantry serve",
      TOOLS,
      place,
      content,
    );
    return [...pushed, ...pulled];
  });
}

/** The client's memory must not follow the size of the blob. */
async function benchMemory(options: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  const tools = TOOLS.slice(0, 1);
  for (const size of [options.size, 4 * options.size]) {
    const name = `${(size / 2 ** 30).toFixed(2)} GiB`;
    rows.push(
      ...await withLayout(size, async (layout, folder) => {
        await using server = await startGantryRegistry(`${folder}/registry`);
        const place = { host: server.host, server };
        const content: [Layout, string] = [layout, folder];
        const once = { ...options, rounds: 1 };
        const pushed = await benchPush(
          once,
          `memory, push ${name}`,
          tools,
          place,
          content,
        );
        await server.clear();
        await store(place, layout);
        const pulled = await benchPull(
          once,
          `memory, pull ${name}`,
          tools,
          place,
          content,
        );
        return [...pushed, ...pulled];
      }),
    );
  }
  return rows;
}
