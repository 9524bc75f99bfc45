import { allCompanions } from "../graph/_all_companions.ts";
import type { ReadableStore, ReferrerLister, TagLister } from "../store.ts";
import { startBackup, transferTag } from "./_backup_transfer.ts";
import {
  foundTags,
  resolveTags,
  type TagReport,
  timeSince,
} from "./_backup_words.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { CommandError } from "./_errors.ts";
import { isDirectory } from "./_local_file.ts";
import { openStore } from "./_open_store.ts";
import { size } from "./render/transfer_line.ts";

/** Brings what a backup holds, or some of its tags, into a repository. */
export async function run(invocation: Invocation): Promise<void> {
  const { console, flags, signal } = invocation;
  const { format, given, location, say, start } = await startBackup(invocation);
  const isDry = flags.bool("dry-run");
  await using backup = await openBackup(flags.text("input"), say, signal);
  const { store } = backup;
  const tags = given.length > 0
    ? given
    : await Array.fromAsync(store.listTags({ signal }));
  const found = await resolveTags(store, tags, {
    limit: readConcurrency(flags),
    signal,
  });
  say(foundTags(tags, "the backup"));
  const target = await openStore(invocation, location);
  const recursive = !flags.bool("exclude-referrers");
  const reports: TagReport[] = [];
  for (const [tag, descriptor] of found) {
    const { digest } = descriptor;
    const { length: referrers } = await allCompanions(store, descriptor, {
      recursive,
      signal,
    });
    reports.push({ tag, digest, referrers });
    if (isDry) {
      say(`Dry run: would push tag ${tag} with ${referrers} referrer(s)`);
      continue;
    }
    await transferTag(invocation, {
      from: store,
      to: target,
      tag,
      digest,
      recursive,
      verbs: { copying: "Pushing", copied: "Pushed" },
      format,
    });
    say(`Pushed tag ${tag} with ${referrers} referrer(s)`);
  }
  const where = JSON.stringify(location.name);
  say(
    isDry
      ? `Dry run complete: ${tags.length} tag(s) would be restored to ${where} (no data pushed)`
      : `Successfully restored ${tags.length} tag(s) to ${where} in ${
        timeSince(start)
      }`,
  );
  format.print(console, {
    repository: location.name,
    restored: !isDry,
    tags: reports,
  });
}

interface OpenBackup extends AsyncDisposable {
  readonly store: ReadableStore & ReferrerLister & TagLister;
}

async function openBackup(
  path: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<OpenBackup> {
  if (await isDirectory(path)) {
    const { LayoutStore } = await import("../stores/node/layout_store.ts");
    return {
      store: new LayoutStore(path),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { openArchive } = await import("../stores/node/open_archive.ts");
  const archive = await openArchive(path, { signal });
  const { store } = archive;
  if (!("listReferrers" in store)) {
    await archive[Symbol.asyncDispose]();
    throw new CommandError(`${path} is an archive of docker's, and no backup`, {
      hint: 'Use "gantry cp docker-archive:FILE" for it',
    });
  }
  const { size: bytes } = await Deno.stat(path);
  say(`Loaded backup archive: ${path} (${size(bytes)})`);
  return {
    store,
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}
