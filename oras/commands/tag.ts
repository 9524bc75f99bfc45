import { forEachConcurrent } from "../_pool.ts";
import { putTagged } from "../graph/_put_tagged.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { UsageError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import {
  checkTag,
  describeLocation,
  readLocation,
  showLocation,
} from "./_location.ts";
import { openStore } from "./_open_store.ts";
import { usageLine } from "./help.ts";
import { pushedBlock } from "./render/descriptor.ts";

/** Gives a manifest more tags. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = "", ...names], console, flags, signal } =
    invocation;
  checkWords(invocation, argument);
  const format = await readFormat(flags);
  const limit = readConcurrency(flags);
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  // As with oras the whole reference may be given, if it is of the same repository.
  const own = location.kind === "registry" ? `${location.name}:` : "";
  const tags = names.map((name) =>
    own !== "" && name.startsWith(own) ? name.slice(own.length) : name
  );
  if (tags.length === 0) {
    const { command, path } = invocation;
    throw new UsageError(`no new tag given for ${showLocation(location)}`, {
      usage: usageLine(command, path),
      hint: `Run "${path} -h" for more options and examples`,
    });
  }
  if (location.kind === "registry") {
    for (const tag of tags) checkTag(tag, showLocation(location, tag));
  }
  const store = await openStore(invocation, location);
  const { bytes, descriptor } = await store.fetchManifest(location.target!, {
    signal,
  });
  const { digest } = descriptor;
  const isDry = flags.bool("dry-run");
  if (isDry) {
    const where = describeLocation(location, digest);
    console.err(`Would tag ${where} as ${tags.join(", ")}`);
  } else {
    if (format.isText) {
      console.out(`Tagging ${describeLocation(location, digest)}`);
    }
    await forEachConcurrent(tags, { limit, signal }, async (tag, signal) => {
      await putTagged(store, { bytes, descriptor }, [tag], { signal });
      if (format.isText) console.out(`Tagged ${names[tags.indexOf(tag)]}`);
    });
  }
  format.print(console, pushedBlock(location.name, descriptor, tags));
}

function checkWords({ command, path }: Invocation, first: string): void {
  if (first !== "list" && first !== "ls") return;
  throw new UsageError(`there is no "list" sub-command for "${path}" command`, {
    usage: usageLine(command, path),
    hint:
      'If you want to list available tags in a repository, use "gantry repo tags"',
  });
}
