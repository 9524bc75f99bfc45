import { RegistryError } from "../../distribution/errors.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { parseManifest } from "../../image/manifest_content.ts";
import { forEachConcurrent } from "../_pool.ts";
import { isNotFound } from "../store_error.ts";
import type { Invocation } from "./_command.ts";
import { fetchManifest } from "./_fetch_manifest.ts";
import { readFormat } from "./_format.ts";
import {
  completeInspection,
  type InspectedReferrers,
  inspectManifest,
} from "./_inspection.ts";
import { readLocation, showLocation } from "./_location.ts";
import { openReader, type ReadingStore } from "./_open_store.ts";
import { readPlatform } from "./_platform.ts";
import { inspectionPage } from "./render/inspection.ts";

/** So many tags are asked what they point at. */
const MAX_TAGS = 1000;
/** So many referrers are looked at. */
const MAX_REFERRERS = 1000;

/** Tells what a reference is, on one page. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const platform = readPlatform(flags.text("platform"));
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const store = await openReader(invocation, location);
  const { bytes, descriptor } = await fetchManifest(store, location.target!, {
    platform,
    signal,
  });
  const value = parseManifest(bytes, { mediaType: descriptor.mediaType });
  const { name } = location;
  const inspection = completeInspection(
    await inspectManifest({ store, name, descriptor, value, signal }),
    {
      tags: flags.bool("tags")
        ? await findTags(invocation, store, descriptor)
        : undefined,
      referrers: await findReferrers(invocation, store, descriptor),
    },
  );
  format.print(console, inspection);
  if (!format.isText) return;
  const reference = showLocation(location);
  for (const line of inspectionPage(inspection, reference)) console.out(line);
}

/** The tags that point at a manifest: each tag of the repository is asked. */
async function findTags(
  { console, signal }: Invocation,
  store: ReadingStore,
  { digest }: Descriptor,
): Promise<string[]> {
  const names: string[] = [];
  for await (const name of store.listTags({ signal })) {
    if (names.length === MAX_TAGS) {
      console.err(`WARNING! Only the first ${MAX_TAGS} tags are looked at`);
      break;
    }
    names.push(name);
  }
  const found: string[] = [];
  await forEachConcurrent(names, { limit: 8, signal }, async (name, signal) => {
    try {
      const target = await store.resolve(name, { signal });
      if (target.digest === digest) found.push(name);
    } catch (error) {
      // It was removed since it was listed, or is the tag of something lost.
      // What is no tag's name cannot be asked for at all.
      const isNone = isNotFound(error) ||
        error instanceof InvalidReferenceError;
      if (!isNone) throw error;
    }
  });
  return found.sort();
}

/** What refers to a manifest, by type; null where the registry refuses to tell. */
async function findReferrers(
  { console, signal }: Invocation,
  store: ReadingStore,
  descriptor: Descriptor,
): Promise<readonly InspectedReferrers[] | null> {
  const found: Descriptor[] = [];
  try {
    for await (const one of store.listReferrers(descriptor, { signal })) {
      if (found.length === MAX_REFERRERS) {
        console.err(
          `WARNING! Only the first ${MAX_REFERRERS} referrers are counted`,
        );
        break;
      }
      found.push(one);
    }
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    console.err(`WARNING! ${error.message}`);
    return null;
  }
  const byType = Map.groupBy(found, ({ artifactType = "" }) => artifactType);
  return [...byType]
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([artifactType, list]) => ({
      artifactType,
      digests: list.map(({ digest }) => digest).sort(),
    }));
}
