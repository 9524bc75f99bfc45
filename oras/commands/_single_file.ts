import type { Descriptor } from "../../image/descriptor.ts";
import { selectContent } from "../_pull.ts";
import * as steps from "../_pull_defaults.ts";
import type { PullOptions } from "../pull_options.ts";
import type { ReadableStore } from "../store.ts";
import { CommandError } from "./_errors.ts";
import { printable } from "./_printable.ts";

/** The one file that a pull selects. */
export interface SingleFile {
  /** The manifest or index that it stands in. */
  readonly root: Descriptor;
  /** The file's content. */
  readonly descriptor: Descriptor;
}

/** How many names a message lists. */
const SHOWN = 10;

/**
 * Finds the one file that is selected. Content without a title counts where its
 * media type was asked for.
 *
 * @throws {CommandError} None or several are selected.
 */
export async function findSingleFile(
  store: ReadableStore,
  target: string,
  options: PullOptions & { readonly concurrency: number },
): Promise<SingleFile> {
  const { signal } = options;
  const context = { reference: undefined, outdir: ".", signal, options };
  const { named, root, skipped } = await selectContent(
    { store, target },
    context,
    {
      ...steps,
      placeFile: (title) => title,
      onExisting: (path) => steps.onExisting(path, context),
      report() {},
    },
  );
  const byDigest = new Map<string, readonly [string, Descriptor]>();
  const unnamed = options.mediaTypes === undefined ? [] : skipped;
  for (const descriptor of unnamed) {
    byDigest.set(descriptor.digest, [descriptor.digest, descriptor]);
  }
  for (const { descriptor, title } of named) {
    byDigest.set(descriptor.digest, [title, descriptor]);
  }
  const [first, ...others] = byDigest.values();
  if (first === undefined) {
    throw new CommandError("no file is selected", {
      hint: 'List the files with "gantry inspect"',
    });
  }
  if (others.length > 0) {
    const names = [first, ...others].map(([name]) => printable(name));
    const shown = names.slice(0, SHOWN).join(", ");
    throw new CommandError(`${names.length} files are selected, not one`, {
      hint: `Choose one with --include or --media-type: ${shown}${
        names.length > SHOWN ? ", …" : ""
      }`,
    });
  }
  return { root: root.descriptor, descriptor: first[1] };
}
