import { Digest } from "../../digest/digest.ts";
import { found } from "../_support/programs.ts";
import { makeFolder, remove, warm, writeRandom } from "./disk.ts";
import { measure, type Measured } from "./measure.ts";
import {
  type Server,
  startDockerRegistry,
  startGantryRegistry,
} from "./servers.ts";
import type { Row } from "./table.ts";

/** What the server scenarios are told. */
interface ServerBenchOptions {
  readonly rounds: number;
  readonly size: number;
  readonly log: (line: string) => void;
}

interface Contestant {
  readonly name: string;
  readonly server: Server;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const SMALL_BLOB = 64 * 1024;
/** How many small blobs make a round, and how many are under way at once. */
const PUSHES = 400;
const CONNECTIONS = 8;

/**
 * Measures `gantry serve` beside docker-registry: a large blob in and out, manifests
 * per second, and small blobs per second. What is counted shows as the time of one.
 */
export async function benchServer(options: ServerBenchOptions): Promise<Row[]> {
  if (!found("docker-registry") || !found("curl")) return [];
  const folder = await makeFolder();
  try {
    const file = `${folder}/blob`;
    await writeRandom(file, options.size);
    await using ours = await startGantryRegistry(`${folder}/gantry`);
    await using theirs = await startDockerRegistry(`${folder}/docker`);
    const contestants = [
      { name: "gantry serve", server: ours },
      { name: "docker-registry", server: theirs },
    ];
    const put: Row[] = rows("PUT", contestants);
    const get: Row[] = rows("GET", contestants);
    const digest = await digestOf(file);
    for (let round = 0; round < options.rounds; round++) {
      for (const [index, { name, server }] of contestants.entries()) {
        await server.clear();
        await warm(folder, options.size);
        const up = await putBlob(server, file, digest);
        const down = await getBlob(server, digest);
        add(put[index]!, up);
        add(get[index]!, down);
        options.log(
          `server: ${name} ${up.wall.toFixed(3)} s, ${down.wall.toFixed(3)} s`,
        );
        await server.clear();
      }
    }
    const manifests = found("wrk")
      ? await alternate(
        options,
        "manifest GET, 32 connections",
        contestants,
        getManifests,
      )
      : [];
    const pushes = await alternate(
      options,
      `push of ${SMALL_BLOB / 1024} KiB, ${CONNECTIONS} at once`,
      contestants,
      pushSmall,
    );
    return [...put, ...get, ...manifests, ...pushes];
  } finally {
    await remove(folder);
  }
}

function rows(scenario: string, contestants: readonly Contestant[]): Row[] {
  return contestants.map(({ name }) => ({ scenario, tool: name, rounds: [] }));
}

function add(row: Row, measured: Measured): void {
  (row.rounds as Measured[]).push(measured);
}

async function alternate(
  { rounds: count, log }: ServerBenchOptions,
  scenario: string,
  contestants: readonly Contestant[],
  run: (server: Server, round: number) => Promise<number>,
): Promise<Row[]> {
  const all = rows(scenario, contestants);
  for (let round = 0; round < count; round++) {
    for (const [index, { name, server }] of contestants.entries()) {
      const perSecond = await run(server, round);
      add(all[index]!, { wall: 1 / perSecond, cpu: NaN, memory: NaN });
      log(`${scenario}: ${name} ${perSecond.toFixed(0)} per second`);
    }
  }
  return all;
}

async function digestOf(path: string): Promise<string> {
  using file = await Deno.open(path);
  return String(await Digest.fromStream(file.readable));
}

async function beginUpload(host: string): Promise<string> {
  const url = `http://${host}/v2/bench/blob/blobs/uploads/`;
  const response = await fetch(url, { method: "POST" });
  await response.body?.cancel();
  const location = new URL(response.headers.get("location")!, url);
  location.search += location.search === "" ? "?" : "&";
  return location.href;
}

async function putBlob(
  { host }: Server,
  file: string,
  digest: string,
): Promise<Measured> {
  const url = `${await beginUpload(host)}digest=${digest}`;
  const type = "content-type: application/octet-stream";
  return await measure({
    command: ["curl", "-sfg", "-T", file, "-H", type, "-H", "expect:", url],
  });
}

async function getBlob({ host }: Server, digest: string): Promise<Measured> {
  const url = `http://${host}/v2/bench/blob/blobs/${digest}`;
  return await measure({
    command: ["curl", "-sfg", "-o", "/dev/null", url],
  });
}

/** Manifest requests per second, as wrk counts them. */
async function getManifests({ host }: Server): Promise<number> {
  const config = await pushBytes(host, new TextEncoder().encode("{}"));
  const descriptor = {
    mediaType: "application/octet-stream",
    digest: config,
    size: 2,
  };
  const layers = Array.from({ length: 50 }, (_, index) => ({
    ...descriptor,
    annotations: { "org.opencontainers.image.title": `layer-${index}` },
  }));
  const url = `http://${host}/v2/bench/blob/manifests/v1`;
  const { status } = await fetch(url, {
    method: "PUT",
    headers: { "content-type": MANIFEST },
    body: JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: descriptor,
      layers,
    }),
  });
  if (status !== 201) throw new Error(`The manifest was answered ${status}`);
  const { stdout } = await new Deno.Command("wrk", {
    args: ["-t2", "-c32", "-d4s", "-H", `accept: ${MANIFEST}`, url],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const found = /Requests\/sec:\s+([\d.]+)/.exec(text);
  if (found === null || text.includes("Non-2xx")) throw new Error(text);
  return Number(found[1]);
}

/** Blobs of 64 KiB per second, each by POST and PUT. */
async function pushSmall({ host }: Server, round: number): Promise<number> {
  const blobs = Array.from({ length: PUSHES }, (_, index) => {
    const bytes = crypto.getRandomValues(new Uint8Array(SMALL_BLOB));
    new DataView(bytes.buffer).setUint32(0, round * PUSHES + index);
    return bytes;
  });
  const digests = await Promise.all(
    blobs.map(async (bytes) => String(await Digest.fromBytes(bytes))),
  );
  const start = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (next < blobs.length) {
      const index = next++;
      await pushBytes(host, blobs[index]!, digests[index]!);
    }
  }));
  return PUSHES / ((performance.now() - start) / 1000);
}

async function pushBytes(
  host: string,
  bytes: Uint8Array<ArrayBuffer>,
  known?: string,
): Promise<string> {
  const digest = known ?? String(await Digest.fromBytes(bytes));
  const url = `${await beginUpload(host)}digest=${digest}`;
  const response = await fetch(url, { method: "PUT", body: bytes });
  await response.body?.cancel();
  if (response.status === 201) return digest;
  throw new Error(`A blob was answered ${response.status}`);
}
