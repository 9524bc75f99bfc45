import { refusesTags } from "../../distribution/_delete_tag.ts";
import { isNotFound } from "../store_error.ts";
import type { Invocation } from "./_command.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { explain } from "./_explain.ts";
import { readFormat } from "./_format.ts";
import {
  describeLocation,
  type Location,
  readLocation,
  showLocation,
} from "./_location.ts";
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
  const placeholder = !flags.bool("no-placeholder");
  for (const tag of tags) {
    if (isDry) {
      await store.resolve(tag, { signal });
      console.err(`Would untag ${describeLocation(location, tag)}`);
      continue;
    }
    try {
      await store.untag(tag, { placeholder, signal });
    } catch (error) {
      const isKnown = !isNotFound(error) && refusesTags(error);
      throw isKnown ? refusal(error, location, tag, placeholder) : error;
    }
    if (format.isText) {
      console.out(`Untagged ${describeLocation(location, tag)}`);
    }
  }
  format.print(console, {
    untagged: isDry ? [] : tags.map((tag) => showLocation(location, tag)),
  });
}

/** Says what the registry's answer means for the tag. */
function refusal(
  error: unknown,
  location: Location,
  tag: string,
  placeholder: boolean,
): CommandError {
  const name = showLocation(location, tag);
  const kept = `${name} stays: the registry deletes no `;
  const { message } = explain(error);
  return placeholder
    ? new CommandError(`${kept}tags and no manifests (${message})`, {
      cause: error,
      hint: "Ask whoever runs the registry to let manifests be deleted",
    })
    : new CommandError(`${kept}tags (${message})`, {
      cause: error,
      hint:
        "Without --no-placeholder, the tag is moved to a placeholder, and that is deleted",
    });
}
