import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { describeLocation, readLocation, showLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import { usageLine } from "./help.ts";

/** Removes tags, and leaves what they point at. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], command, console, flags, path, signal } =
    invocation;
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, { needs: "tags" });
  if (location.tag === undefined) {
    throw new UsageError(`${JSON.stringify(argument)}: no tag specified`, {
      usage: usageLine(command, path),
      hint: "A digest has no name to remove; to delete content, use " +
        '"gantry manifest delete"',
    });
  }
  const tags = [location.tag, ...location.tags];
  const store = await openStore(invocation, location);
  const isDry = flags.bool("dry-run");
  for (const tag of tags) {
    if (isDry) {
      await store.resolve(tag, { signal });
      console.err(`Would untag ${describeLocation(location, tag)}`);
      continue;
    }
    await store.untag(tag, {
      placeholder: !flags.bool("no-placeholder"),
      signal,
    });
    if (format.isText) {
      console.out(`Untagged ${describeLocation(location, tag)}`);
    }
  }
  format.print(console, {
    untagged: isDry ? [] : tags.map((tag) => showLocation(location, tag)),
  });
}
