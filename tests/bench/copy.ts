import { Digest } from "@gantry/oci/digest";
import { RegistryClient, toSource } from "@gantry/oci/distribution";
import {
  type Descriptor,
  encodeJson,
  imageIndex,
  MediaTypes,
  parseManifestContent,
} from "@gantry/oci/image";
import { copy, MemoryStore } from "@gantry/oci/oras";
import { found } from "../_support/programs.ts";
import { startDelayProxy } from "./delay_proxy.ts";
import { makeFolder, remove } from "./disk.ts";
import { measure, type Measured } from "./measure.ts";
import type { BenchOptions } from "./scenarios.ts";
import { startDockerRegistry } from "./servers.ts";
import type { Row } from "./table.ts";
import { GANTRY } from "./tools.ts";

const MANIFESTS = 50;
const LAYERS = 10;
const ROUND_TRIP = 30;

/** Copies an index of many small images between two registries that are far away. */
export async function benchCopy(options: BenchOptions): Promise<Row[]> {
  if (!found("docker-registry")) return [];
  const folder = await makeFolder();
  try {
    await using source = await startDockerRegistry(`${folder}/source`);
    await using target = await startDockerRegistry(`${folder}/target`);
    await using from = startDelayProxy(source.host, ROUND_TRIP);
    await using to = startDelayProxy(target.host, ROUND_TRIP);
    const repository = new RegistryClient(source.host, { plainHttp: true })
      .repository("bench/copy");
    await copy(await makeImages(), "v1", repository);
    const references = [from.host, to.host]
      .map((host) => `${host}/bench/copy:v1`);
    const flags = ["--from-plain-http", "--to-plain-http"];
    const tools: [string, readonly string[]][] = [
      ["gantry", [...GANTRY, "cp", ...flags, ...references]],
    ];
    if (found("oras")) {
      tools.push(["oras", ["oras", "cp", ...flags, ...references]]);
    }
    if (found("crane")) {
      tools.push(["crane", ["crane", "copy", "--insecure", ...references]]);
    }
    const measured = tools.map((): Measured[] => []);
    for (let round = 0; round < options.rounds; round++) {
      for (const [index, [name, command]] of tools.entries()) {
        await target.clear();
        from.takeRequests();
        to.takeRequests();
        const result = await measure({ command });
        measured[index]!.push(result);
        options.log(
          `copy: ${name} ${
            result.wall.toFixed(2)
          } s, ${from.takeRequests()} requests to the source, ${to.takeRequests()} to the target`,
        );
      }
    }
    return tools.map(([tool], index) => ({
      scenario: `copy ${MANIFESTS} x ${LAYERS} layers, ${ROUND_TRIP} ms`,
      tool,
      rounds: measured[index]!,
    }));
  } finally {
    await remove(folder);
  }
}

async function makeImages(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const push = async (
    mediaType: string,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Descriptor> => {
    const digest = String(await Digest.fromBytes(bytes));
    const descriptor = { mediaType, digest, size: bytes.byteLength };
    await store.push(descriptor, toSource(bytes));
    return descriptor;
  };
  const manifests: Descriptor[] = [];
  for (let image = 0; image < MANIFESTS; image++) {
    const layers: Descriptor[] = [];
    for (let layer = 0; layer < LAYERS; layer++) {
      const bytes = crypto.getRandomValues(new Uint8Array(1024));
      layers.push(await push(MediaTypes.layer, bytes));
    }
    const platform = {
      architecture: "amd64",
      os: "linux",
      variant: `v${image}`,
    };
    const config = await push(MediaTypes.config, encodeJson(platform));
    const manifest = encodeJson({
      schemaVersion: 2,
      mediaType: MediaTypes.manifest,
      config,
      layers,
    });
    manifests.push({ ...await push(MediaTypes.manifest, manifest), platform });
  }
  const { bytes, descriptor } = await parseManifestContent(
    encodeJson(imageIndex(manifests)),
  );
  await store.push(descriptor, toSource(bytes));
  await store.tag(descriptor, "v1");
  return store;
}
