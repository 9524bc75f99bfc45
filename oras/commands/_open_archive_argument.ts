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
  const tags = await Array.fromAsync(opened.store.listTags());
  const reference = target ?? (tags.length === 1 ? tags[0] : undefined);
  if (reference === undefined) {
    await opened[Symbol.asyncDispose]();
    throw new UsageError(
      tags.length === 0
        ? `${JSON.stringify(text)}: nothing in the archive has a name`
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
