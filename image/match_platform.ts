import type { Descriptor } from "./descriptor.ts";
import { normalizePlatform, type Platform } from "./platform.ts";

/**
 * Whether content for one platform runs on another.
 *
 * System and architecture must be the same once normalised. A variant may be lower
 * than the one wanted (`arm` `v6` runs on `v7`), never higher. A version and features
 * of the system count where they are wanted; a wanted version matches its own patches.
 *
 * @example
 * ```ts
 * import { matchPlatform, parsePlatform } from "@gantry/oci/image";
 * import { assert, assertFalse } from "@std/assert";
 *
 * const wanted = parsePlatform("linux/arm/v7");
 * assert(matchPlatform(wanted, { architecture: "arm", os: "linux", variant: "v6" }));
 * assertFalse(matchPlatform(wanted, { architecture: "arm", os: "linux", variant: "v8" }));
 * ```
 */
export function matchPlatform(wanted: Platform, offered: Platform): boolean {
  return rate(normalizePlatform(wanted), offered) !== undefined;
}

/**
 * The entry of an index that suits a platform best: the highest variant that runs
 * there, and of several equal ones the first, as image-spec `image-index.md` asks.
 *
 * @returns The entry, or undefined where none suits.
 *
 * @example
 * ```ts
 * import { EMPTY_DESCRIPTOR, parsePlatform, selectPlatform } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const manifests = ["linux/arm/v6", "linux/arm/v7", "linux/amd64"].map((text) => ({
 *   ...EMPTY_DESCRIPTOR,
 *   platform: parsePlatform(text),
 * }));
 * assertEquals(selectPlatform(manifests, parsePlatform("linux/arm")), manifests[1]);
 * assertEquals(selectPlatform(manifests, parsePlatform("linux/s390x")), undefined);
 * ```
 */
export function selectPlatform(
  manifests: readonly Descriptor[],
  wanted: Platform,
): Descriptor | undefined {
  const target = normalizePlatform(wanted);
  let best: Descriptor | undefined;
  let bestRank = -Infinity;
  for (const entry of manifests) {
    if (!entry.platform) continue;
    const rank = rate(target, entry.platform);
    if (rank !== undefined && rank > bestRank) {
      best = entry;
      bestRank = rank;
    }
  }
  return best;
}

/** The variant that an architecture has where none is named. */
const BASE_VARIANT: ReadonlyMap<string, number> = new Map([
  ["amd64", 1],
  ["arm", 7],
  ["arm64", 8],
]);

/** How well an offer suits, or undefined where it does not; the higher the better. */
function rate(wanted: Platform, offered: Platform): number | undefined {
  if (!offered.os || !offered.architecture) return undefined;
  const offer = normalizePlatform(offered);
  if (offer.os !== wanted.os || offer.architecture !== wanted.architecture) {
    return undefined;
  }
  const version = wanted["os.version"];
  const offeredVersion = offer["os.version"];
  if (
    version && offeredVersion !== version &&
    !offeredVersion?.startsWith(`${version}.`)
  ) {
    return undefined;
  }
  const features = offer["os.features"] ?? [];
  if (!(wanted["os.features"] ?? []).every((one) => features.includes(one))) {
    return undefined;
  }
  if (offer.variant === wanted.variant) return Infinity;
  const rank = variantRank(offer);
  return rank <= variantRank(wanted) ? rank : undefined;
}

/** A variant's place among its like; NaN, which no comparison admits, where it has none. */
function variantRank(platform: Platform): number {
  const found = /^v([0-9]+)(?:\.([0-9]+))?$/.exec(platform.variant ?? "");
  if (found !== null) return Number(found[1]) * 1000 + Number(found[2] ?? 0);
  if (platform.variant !== undefined) return NaN;
  return (BASE_VARIANT.get(platform.architecture) ?? 0) * 1000;
}
