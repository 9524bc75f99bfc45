import {
  encodeJson,
  parseManifestContent,
  validateManifest,
} from "../../image/mod.ts";
import type { Measured } from "./measure.ts";
import type { Row } from "./table.ts";

const LAYERS = 100;
/** How many documents are read in one round. */
const REPEATS = 1000;

/** A manifest of many layers, each with a title. */
function makeManifest(): Uint8Array<ArrayBuffer> {
  const descriptor = (mediaType: string, index: number) => ({
    mediaType: `application/vnd.oci.image.${mediaType}`,
    digest: `sha256:${index.toString(16).padStart(64, "a")}`,
    size: 1_000_000 + index,
    annotations: { "org.opencontainers.image.title": `layer-${index}` },
  });
  return encodeJson({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("config.v1+json", 0),
    layers: Array.from(
      { length: LAYERS },
      (_, index) => descriptor("layer.v1.tar+gzip", index + 1),
    ),
  });
}

/**
 * Measures reading one manifest of 100 layers: hashing, decoding, all checks of
 * both levels; beside `JSON.parse` alone.
 */
export async function benchManifest(
  { rounds }: { readonly rounds: number },
): Promise<Row[]> {
  const bytes = makeManifest();
  const ours: Measured[] = [];
  const plain: Measured[] = [];
  // One round more, which warms up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const first = await time(async () => {
      const { value } = await parseManifestContent(bytes);
      const issues = validateManifest(value, { profile: "image" });
      if (issues.length > 0) throw new Error("The manifest is not valid");
    });
    const second = await time(() => {
      JSON.parse(new TextDecoder().decode(bytes));
    });
    if (round === 0) continue;
    ours.push(first);
    plain.push(second);
  }
  const scenario = `check ${LAYERS} layers`;
  return [
    { scenario, tool: "gantry", rounds: ours },
    { scenario, tool: "JSON.parse", rounds: plain },
  ];
}

async function time(work: () => void | Promise<void>): Promise<Measured> {
  const start = performance.now();
  for (let repeat = 0; repeat < REPEATS; repeat++) await work();
  const wall = (performance.now() - start) / 1000 / REPEATS;
  return { wall, cpu: NaN, memory: NaN };
}
