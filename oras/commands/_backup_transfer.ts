import { copy } from "../copy.ts";
import type { ReadableStore, ReferrerLister, WritableStore } from "../store.ts";
import { readTagged } from "./_backup_words.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { type Format, readFormat } from "./_format.ts";
import type { Location } from "./_location.ts";

import {
  type TransferViewOptions,
  watchTransfers,
} from "./render/transfers.ts";

/** What a backup and the way back begin with. */
export interface BackupStart {
  /** How the result is printed. */
  readonly format: Format;
  /** The repository. */
  readonly location: Location;
  /** The tags that are named. */
  readonly given: readonly string[];
  /** When it began, by `performance.now()`. */
  readonly start: number;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
}

/** Reads what `backup` and `restore` have in common. */
export async function startBackup(
  invocation: Invocation,
): Promise<BackupStart> {
  const { args: [argument = ""], console, flags } = invocation;
  const start = performance.now();
  const format = await readFormat(flags);
  const { location, tags: given } = readTagged(invocation, argument);
  const say = (line: string) => {
    if (format.isText) console.out(line);
  };
  return { format, location, given, start, say };
}

/** A tag on its way. */
export interface TagTransfer {
  readonly from: ReadableStore & Partial<ReferrerLister>;
  readonly to: WritableStore;
  readonly tag: string;
  /** What the tag was found to point at; it may have been moved since. */
  readonly digest: string;
  readonly recursive: boolean;
  readonly verbs: TransferViewOptions["verbs"];
  readonly format: Format;
}

/** Copies what a tag was found to point at, and draws how it goes. */
export async function transferTag(
  invocation: Invocation,
  { digest, format, from, recursive, tag, to, verbs }: TagTransfer,
): Promise<void> {
  const { flags, signal } = invocation;
  using view = watchTransfers(invocation, {
    lines: format.isText ? 9 : undefined,
    verbs,
  });
  await copy(from, digest, to, tag, {
    concurrency: readConcurrency(flags),
    recursive,
    onProgress: view.onProgress,
    signal,
  });
}
