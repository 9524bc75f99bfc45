import { isFields } from "../../image/_checker.ts";
import { parseJson } from "../../image/parse_json.ts";
import { invalid } from "./_archive_files.ts";

/** An image in the `manifest.json` of an archive of docker's. */
export interface DockerImage {
  /** The path of its config. */
  readonly config: string;
  /** Its names, as `repository:tag`. */
  readonly names: readonly string[];
  /** The paths of its layers, base first. */
  readonly layers: readonly string[];
}

/** Reads a `manifest.json`. */
export function parseDockerImages(bytes: Uint8Array): DockerImage[] {
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (cause) {
    throw invalid("its manifest.json cannot be read", cause);
  }
  if (!Array.isArray(value)) throw invalid("its manifest.json is no list");
  return value.map((item) => {
    const { Config, Layers, RepoTags } = isFields(item) ? item : {};
    // Go's encoder writes an empty list as null.
    const names = RepoTags ?? [];
    const layers = Layers ?? [];
    if (typeof Config !== "string" || !isTexts(names) || !isTexts(layers)) {
      throw invalid("an image of its manifest.json lacks config or layers");
    }
    return { config: Config, names, layers };
  });
}

/** The digests of an image's uncompressed layers, as its config tells. */
export function diffIdsOf(config: Uint8Array): readonly string[] {
  const value = parseJson(config);
  const rootfs = isFields(value) ? value["rootfs"] : undefined;
  const ids = isFields(rootfs) ? rootfs["diff_ids"] ?? [] : undefined;
  if (!isTexts(ids)) throw invalid("a config does not tell its layers");
  return ids;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string");
}
