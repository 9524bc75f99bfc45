import type { SignalOptions } from "../distribution/signal_options.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { isIndex, type ManifestContent } from "../image/manifest_content.ts";
import { matchPlatform, selectPlatform } from "../image/match_platform.ts";
import { MediaTypes } from "../image/media_type.ts";
import { parseJson } from "../image/parse_json.ts";
import { formatPlatform, type Platform } from "../image/platform.ts";
import { ArtifactError } from "./errors.ts";
import { readManifest } from "./graph/_read_manifest.ts";
import type { Fetcher } from "./store.ts";
import { readBytes } from "./stores/_content.ts";

/** How deep indexes may be nested in each other. */
const MAX_DEPTH = 8;
const MAX_CONFIG_SIZE = 4 * 1024 * 1024;

/**
 * The manifest for a platform: that of an index which suits it best, or a manifest
 * itself where its config says that it is for that platform.
 *
 * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: there is none.
 */
export async function manifestForPlatform(
  store: Fetcher,
  content: ManifestContent,
  platform: Platform,
  options: SignalOptions,
): Promise<ManifestContent> {
  let current = content;
  for (let depth = 0; isIndex(current.value); depth++) {
    const entry = selectPlatform(current.value.manifests, platform);
    if (entry === undefined || depth === MAX_DEPTH) {
      throw notFound(content, platform, "the index has no manifest for it");
    }
    const { digest, mediaType, size } = entry;
    current = await readManifest(store, { mediaType, digest, size }, options);
  }
  // What an index says of its entries is believed, as other tools do.
  if (current !== content) return current;
  await checkConfig(store, current, platform, options);
  return current;
}

async function checkConfig(
  store: Fetcher,
  content: ManifestContent,
  platform: Platform,
  options: SignalOptions,
): Promise<void> {
  const { config } = content.value as { config?: Descriptor };
  if (
    config === undefined ||
    config.mediaType !== MediaTypes.config &&
      config.mediaType !== MediaTypes.dockerConfig
  ) {
    throw notFound(
      content,
      platform,
      `a config of type ${
        config?.mediaType ?? "none"
      } does not tell a platform`,
    );
  }
  if (config.size > MAX_CONFIG_SIZE) {
    throw notFound(
      content,
      platform,
      `its config of ${config.size} bytes is too large`,
    );
  }
  const stream = await store.fetch(config, options);
  const value = parseJson(await readBytes(stream, config, options));
  const { os, architecture } = (value ?? {}) as Partial<Platform>;
  if (typeof os !== "string" || typeof architecture !== "string") {
    throw notFound(content, platform, "its config tells no platform");
  }
  if (!matchPlatform(platform, value as Platform)) {
    throw notFound(
      content,
      platform,
      `it is for ${formatPlatform(value as Platform)}`,
    );
  }
}

function notFound(
  content: ManifestContent,
  platform: Platform,
  reason: string,
): ArtifactError {
  return new ArtifactError(
    "PLATFORM_NOT_FOUND",
    `Cannot find platform ${
      formatPlatform(platform)
    } in ${content.descriptor.digest}: ${reason}`,
  );
}
