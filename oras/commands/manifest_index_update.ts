import { updateIndex } from "../image_index.ts";
import { isDigest } from "../stores/_content.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import { readFormat } from "./_format.ts";
import { deliverIndex, stepLines } from "./_index_output.ts";
import { readLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";

/** Takes manifests out of an index, and puts others in. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  refuseTogether(flags, "tag", "output");
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const [remove, add, merge, tags] = ["remove", "add", "merge", "tag"]
    .map((name) => flags.list(name)) as [
      string[],
      string[],
      string[],
      string[],
    ];
  for (const digest of remove) {
    if (!isDigest(digest)) {
      throw new UsageError(`remove: ${digest} is not a digest`);
    }
  }
  const changes = ["remove", "add", "merge", "tag", "artifact-type"];
  if (!changes.some((name) => flags.given(name))) {
    return console.out("Nothing to update as no change is requested");
  }
  const store = await openStore(invocation, location);
  const index = await updateIndex(store, location.target!, {
    remove,
    add,
    merge,
    ...(flags.given("artifact-type") && {
      artifactType: flags.text("artifact-type"),
    }),
    onStep: stepLines(invocation, format),
    push: false,
    signal,
  });
  await deliverIndex(invocation, format, {
    index,
    word: "Updated",
    store,
    location,
    tags,
  });
}
