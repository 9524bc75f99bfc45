import type { ProgressHook } from "../../distribution/progress.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import type { Platform } from "../../image/platform.ts";
import { allCompanions } from "../graph/_all_companions.ts";
import type { Companion, CompanionOptions } from "../graph/_companions.ts";
import type { ReadableStore } from "../store.ts";
import { packDockerArchive } from "../stores/pack_docker_archive.ts";
import { type LayoutEntry, packLayout } from "../stores/pack_layout.ts";
import type { ArchiveArgument } from "./_archive_argument.ts";
import { watchFetches } from "./_watched_store.ts";

/** What goes into an archive, and which of its companions. */
export interface ArchiveContent extends CompanionOptions {
  /** Where it comes from. */
  readonly store: ReadableStore;
  /** What it is. */
  readonly descriptor: Descriptor;
  /** The platform to take of an index, for an archive of docker's. */
  readonly platform: Platform | undefined;
  /** Whether layers that must not be distributed come, too. */
  readonly includeForeign: boolean;
  /** Is told what moves. */
  readonly onProgress: ProgressHook;
  /** Ends the writing. */
  readonly signal: AbortSignal;
}

/** Writes content of a store to an archive, which appears under its name when it is whole. */
export async function saveArchive(
  { kind, path, target }: ArchiveArgument,
  content: ArchiveContent,
): Promise<void> {
  const { descriptor, platform, signal } = content;
  const store = watchFetches(content.store, content.onProgress);
  const { withSpool, writeArchive } = await import(
    "../stores/node/open_archive.ts"
  );
  if (kind === "docker-archive") {
    const images = [{
      descriptor,
      names: target === undefined ? [] : [target],
    }];
    return await withSpool(async (spool) => {
      const archive = packDockerArchive(store, images, {
        format: "docker",
        platform,
        signal,
        spool,
      });
      await writeArchive(path, archive, { signal });
    });
  }
  const entries = [
    { descriptor, tag: target },
    ...companionEntries(
      await allCompanions(content.store, descriptor, content),
    ),
  ];
  const archive = packLayout(store, entries, {
    includeForeign: content.includeForeign,
    signal,
  });
  await writeArchive(path, archive, { signal });
}

/** What comes along with a manifest, as a layout lists it. */
export function companionEntries(
  companions: readonly Companion[],
): readonly LayoutEntry[] {
  return companions.flatMap(({ descriptor, tags }) => {
    const { digest, mediaType, size } = descriptor;
    const bare = { mediaType, digest, size };
    return tags.length === 0
      ? [{ descriptor: bare }]
      : tags.map((tag) => ({ descriptor: bare, tag }));
  });
}
