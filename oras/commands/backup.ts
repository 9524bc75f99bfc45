import type { Descriptor } from "../../image/descriptor.ts";
import { isReferrersTag } from "../_is_referrers_tag.ts";
import { allCompanions } from "../graph/_all_companions.ts";
import type { LayoutEntry } from "../stores/pack_layout.ts";
import { companionEntries } from "./_archives.ts";
import {
  type BackupStart,
  startBackup,
  transferTag,
} from "./_backup_transfer.ts";
import {
  foundTags,
  resolveTags,
  type TagReport,
  timeSince,
} from "./_backup_words.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { showLocation } from "./_location.ts";
import { type CommandStore, openStore } from "./_open_store.ts";
import { watchFetches } from "./_watched_store.ts";
import { size } from "./render/transfer_line.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Saves a repository, or some of its tags, to a layout or an archive of one. */
export async function run(invocation: Invocation): Promise<void> {
  const { console, flags, signal } = invocation;
  const begun = await startBackup(invocation);
  const { format, given, location, say, start } = begun;
  const output = flags.text("output");
  const store = await openStore(invocation, location);
  const tags = given.length > 0 ? given : (await Array.fromAsync(
    store.listTags({ signal }),
  )).filter((tag) => !isReferrersTag(tag));
  const found = await resolveTags(store, tags, {
    missing: (tag) => showLocation(location, tag),
    limit: readConcurrency(flags),
    signal,
  });
  say(foundTags(tags, location.name));
  const toArchive = /\.tar$/i.test(output);
  const isDry = flags.bool("dry-run");
  const reports = isDry
    ? await countTags(invocation, { ...begun, store, found, output })
    : toArchive
    ? await toTar(invocation, { ...begun, store, found, output })
    : await toLayout(invocation, { ...begun, store, found, output });
  say(
    isDry
      ? `Dry run complete: ${tags.length} tag(s) would be saved to ${
        JSON.stringify(output)
      } (nothing written)`
      : `Successfully backed up ${tags.length} tag(s) from ${
        JSON.stringify(location.name)
      } to ${JSON.stringify(output)} in ${timeSince(start)}.`,
  );
  format.print(console, {
    repository: location.name,
    output,
    tags: reports,
  });
}

interface Backup extends BackupStart {
  readonly store: CommandStore;
  readonly found: ReadonlyMap<string, Descriptor>;
  readonly output: string;
}

/** What would be saved. */
async function countTags(
  { flags, signal }: Invocation,
  { found, say, store }: Backup,
): Promise<TagReport[]> {
  const recursive = flags.bool("include-referrers");
  const reports: TagReport[] = [];
  for (const [tag, descriptor] of found) {
    const { digest } = descriptor;
    const { length: referrers } = await allCompanions(store, descriptor, {
      recursive,
      signal,
    });
    say(`Dry run: would pull tag ${tag} with ${referrers} referrer(s)`);
    reports.push({ tag, digest, referrers });
  }
  return reports;
}

async function toLayout(
  invocation: Invocation,
  { format, found, output, say, store }: Backup,
): Promise<TagReport[]> {
  const { flags, signal } = invocation;
  const { LayoutStore } = await import("../stores/node/layout_store.ts");
  const layout = new LayoutStore(output);
  const recursive = flags.bool("include-referrers");
  const reports: TagReport[] = [];
  for (const [tag, descriptor] of found) {
    const { digest } = descriptor;
    await transferTag(invocation, {
      from: store,
      to: layout,
      tag,
      digest,
      recursive,
      verbs: VERBS,
      format,
    });
    const { length: referrers } = await allCompanions(layout, descriptor, {
      recursive,
      signal,
    });
    reports.push({ tag, digest, referrers });
    say(`Pulled tag ${tag} with ${referrers} referrer(s)`);
  }
  return reports;
}

async function toTar(
  invocation: Invocation,
  { format, found, output, say, store }: Backup,
): Promise<TagReport[]> {
  const { flags, signal } = invocation;
  const recursive = flags.bool("include-referrers");
  const tagged: LayoutEntry[] = [];
  const others = new Map<string, LayoutEntry>();
  const reports: TagReport[] = [];
  for (const [tag, descriptor] of found) {
    tagged.push({ descriptor, tag });
    const companions = companionEntries(
      await allCompanions(store, descriptor, { recursive, signal }),
    );
    for (const one of companions) others.set(one.descriptor.digest, one);
    const { digest } = descriptor;
    reports.push({ tag, digest, referrers: companions.length });
  }
  say(`Exporting to ${output}`);
  const { packLayout } = await import("../stores/pack_layout.ts");
  const { writeArchive } = await import("../stores/node/open_archive.ts");
  {
    using view = watchTransfers(invocation, {
      lines: format.isText ? 9 : undefined,
      verbs: VERBS,
    });
    const archive = packLayout(
      watchFetches(store, view.onProgress),
      [...tagged, ...others.values()],
      { signal },
    );
    await writeArchive(output, archive, { signal });
  }
  for (const { referrers, tag } of reports) {
    say(`Pulled tag ${tag} with ${referrers} referrer(s)`);
  }
  const { size: bytes } = await Deno.stat(output);
  say(`Exported to ${output} (${size(bytes)})`);
  return reports;
}

const VERBS = { copying: "Pulling", copied: "Pulled" };
