import type { Descriptor } from "../../image/descriptor.ts";
import { isReferrersTag } from "../_is_referrers_tag.ts";
import { discover, type ReferrerTree } from "../discover.ts";
import type { LayoutEntry } from "../stores/pack_layout.ts";
import { flattenReferrers } from "./_archives.ts";
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
import { size } from "./render/transfer_line.ts";

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
  const reports: TagReport[] = [];
  for (const [tag, { digest }] of found) {
    const referrers = flags.bool("include-referrers")
      ? flattenReferrers(await discover(store, digest, { signal })).length
      : 0;
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
  for (const [tag, { digest }] of found) {
    await transferTag(invocation, {
      from: store,
      to: layout,
      tag,
      digest,
      recursive,
      verbs: { copying: "Pulling", copied: "Pulled" },
      format,
    });
    const count = recursive
      ? flattenReferrers(await discover(layout, digest, { signal }))
        .length
      : 0;
    reports.push({ tag, digest, referrers: count });
    say(`Pulled tag ${tag} with ${count} referrer(s)`);
  }
  return reports;
}

async function toTar(
  { flags, signal }: Invocation,
  { found, output, say, store }: Backup,
): Promise<TagReport[]> {
  const entries: LayoutEntry[] = [];
  const reports: TagReport[] = [];
  for (const [tag, descriptor] of found) {
    const tree: ReferrerTree = flags.bool("include-referrers")
      ? await discover(store, descriptor.digest, { signal })
      : { descriptor, referrers: [] };
    const referrers = flattenReferrers(tree);
    entries.push({ descriptor, tag }, ...referrers);
    const { digest } = descriptor;
    reports.push({ tag, digest, referrers: referrers.length });
    say(`Pulled tag ${tag} with ${referrers.length} referrer(s)`);
  }
  say(`Exporting to ${output}`);
  const { packLayout } = await import("../stores/pack_layout.ts");
  const { writeArchive } = await import("../stores/node/open_archive.ts");
  await writeArchive(output, packLayout(store, entries, { signal }), {
    signal,
  });
  const { size: bytes } = await Deno.stat(output);
  say(`Exported to ${output} (${size(bytes)})`);
  return reports;
}
