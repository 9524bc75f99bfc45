import { parseManifest } from "../../image/manifest_content.ts";
import { isManifestType } from "../../image/manifest_type.ts";
import type { OpenArchive } from "../stores/node/open_archive.ts";
import type { ArchiveArgument } from "./_archive_argument.ts";
import { UsageError } from "./_errors.ts";

/** An archive that is open for reading, and what is meant in it. */
export interface OpenArchiveArgument extends AsyncDisposable {
  /** What is in it. */
  readonly store: OpenArchive["store"];
  /** The tag, or the name. */
  readonly reference: string;
}

/**
 * Opens the archive that an argument names.
 *
 * @throws {UsageError} It holds several images, and the argument chooses none.
 */
export async function openArchiveArgument(
  { path, target }: ArchiveArgument,
  text: string,
  signal: AbortSignal,
): Promise<OpenArchiveArgument> {
  const { openArchive } = await import("../stores/node/open_archive.ts");
  const opened = await openArchive(path, { signal });
  try {
    return await choose(opened, target, text, signal);
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

async function choose(
  opened: OpenArchive,
  target: string | undefined,
  text: string,
  signal: AbortSignal,
): Promise<OpenArchiveArgument> {
  const tags = await Array.fromAsync(opened.store.listTags());
  const reference = target ??
    (tags.length > 0 ? undefined : await onlyOne(opened.store, signal)) ??
    (tags.length === 1 ? tags[0] : undefined);
  if (reference === undefined) {
    throw new UsageError(
      tags.length === 0
        ? `${
          JSON.stringify(text)
        }: the archive holds nothing, or several things without a name`
        : `${JSON.stringify(text)}: the archive holds several`,
      {
        hint: tags.length === 0
          ? undefined
          : `Choose one of them behind a colon: ${tags.join(", ")}`,
      },
    );
  }
  return {
    store: opened.store,
    reference,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** What an archive without names holds, if that is one thing, besides what refers to it. */
async function onlyOne(
  store: OpenArchive["store"],
  signal: AbortSignal,
): Promise<string | undefined> {
  if ("images" in store) {
    const [image, ...others] = store.images();
    if (image === undefined || others.length > 0) return undefined;
    const found = /([0-9a-f]{64})(?:\.json)?$/.exec(image.config);
    return found === null ? undefined : `sha256:${found[1]}`;
  }
  const roots = new Set<string>();
  for (const { digest, mediaType } of store.entries()) {
    if (!isManifestType(mediaType)) continue;
    const { bytes } = await store.fetchManifest(digest, { signal });
    const { subject } = parseManifest(bytes, { mediaType });
    if (subject === undefined) roots.add(digest);
  }
  const [root, ...others] = roots;
  return others.length > 0 ? undefined : root;
}
