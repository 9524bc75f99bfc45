import type { Descriptor } from "../../image/descriptor.ts";
import type { Platform } from "../../image/platform.ts";
import { discover, type ReferrerTree } from "../discover.ts";
import { can, type ReadableStore } from "../store.ts";
import { packDockerArchive } from "../stores/pack_docker_archive.ts";
import { type LayoutEntry, packLayout } from "../stores/pack_layout.ts";
import type { ArchiveArgument } from "./_archive_argument.ts";

/** What goes into an archive. */
export interface ArchiveContent {
  /** Where it comes from. */
  readonly store: ReadableStore;
  /** What it is. */
  readonly descriptor: Descriptor;
  /** The platform to take of an index, for an archive of docker's. */
  readonly platform: Platform | undefined;
  /** Whether what refers to it comes, too. */
  readonly recursive: boolean;
  /** Ends the writing. */
  readonly signal: AbortSignal;
}

/** Writes content of a store to an archive, which appears under its name when it is whole. */
export async function saveArchive(
  { kind, path, target }: ArchiveArgument,
  content: ArchiveContent,
): Promise<void> {
  const { descriptor, platform, signal, store } = content;
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
  const entries: LayoutEntry[] = [{ descriptor, tag: target }];
  if (content.recursive && can(store, "listReferrers")) {
    const tree = await discover(store, descriptor.digest, { signal });
    entries.push(...flattenReferrers(tree));
  }
  await writeArchive(path, packLayout(store, entries, { signal }), { signal });
}

/** All that refers to the root of a tree, and to that. */
export function flattenReferrers(
  { referrers }: ReferrerTree,
): { readonly descriptor: Descriptor; readonly tag: undefined }[] {
  return referrers.flatMap((tree) => {
    const { digest, mediaType, size } = tree.descriptor;
    return [
      { descriptor: { mediaType, digest, size }, tag: undefined },
      ...flattenReferrers(tree),
    ];
  });
}
