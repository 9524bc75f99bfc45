import { isTag, parseRegistryName } from "../../distribution/reference.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import { parsePlatform } from "../../image/platform.ts";
import { LAYOUT_SCHEME, parsePlace } from "./_place.ts";
import { selectNames, selectTags } from "./select_names.ts";
import type { SyncEntry, TagRules } from "./sync_config.ts";
import type { SyncOptions } from "./sync_options.ts";

/**
 * Refuses an entry that is malformed.
 *
 * @throws {InvalidReferenceError} A source, target or backup is malformed.
 * @throws {TypeError} A platform is malformed, or a backup cannot be expanded.
 * @throws {RangeError} A range of versions is none.
 * @throws {SyntaxError} An expression is malformed.
 */
export async function checkEntry(
  entry: SyncEntry,
  { expandBackup }: Pick<SyncOptions, "expandBackup">,
): Promise<void> {
  const { backup, platform, repos, source, target, type } = entry;
  for (const text of [source, target]) {
    if (type === "registry") checkRegistry(text);
    else checkPlace(text, type);
  }
  if (platform !== undefined) parsePlatform(platform);
  selectNames([], repos);
  await selectTags([], tagRules(entry));
  if (backup === undefined || isTag(backup)) return;
  if (!isTemplate(backup)) parsePlace(backup);
  else if (expandBackup === undefined) {
    throw new TypeError(
      `Cannot expand backup ${JSON.stringify(backup)}: no expandBackup given`,
    );
  }
}

/** Whether a `backup` is to be expanded; no reference has two braces. */
export function isTemplate(backup: string): boolean {
  return backup.includes("{{");
}

/** The rules of an entry; one that takes all where it has none. */
export function tagRules({ tagSets = [], tags = {} }: SyncEntry): TagRules[] {
  const rules = Object.keys(tags).length > 0 ? [...tagSets, tags] : tagSets;
  return rules.length > 0 ? [...rules] : [{}];
}

function checkPlace(text: string, type: SyncEntry["type"]): void {
  if (parsePlace(text).target === undefined || type === "image") return;
  throw new InvalidReferenceError(
    "REFERENCE_INVALID_FORMAT",
    text,
    "a repository whose tags are kept in step is named without a tag or digest",
  );
}

function checkRegistry(text: string): void {
  if (text.startsWith(LAYOUT_SCHEME)) {
    throw new InvalidReferenceError(
      "REFERENCE_REGISTRY_INVALID",
      text,
      "an image layout holds the tags of one repository, and is no registry",
    );
  }
  parseRegistryName(text);
}
