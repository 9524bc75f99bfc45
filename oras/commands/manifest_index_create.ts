import { createIndex } from "../image_index.ts";
import type { Invocation } from "./_command.ts";
import { readFormat } from "./_format.ts";
import { deliverIndex, stepLines } from "./_index_output.ts";
import { readLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import { readAnnotations } from "./_pack_options.ts";

/** Makes an index of manifests in a repository or layout. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = "", ...references], flags, signal } = invocation;
  const format = await readFormat(flags);
  const annotations = readAnnotations(flags.list("annotation"));
  const artifactType = flags.text("artifact-type");
  const location = readLocation(invocation, argument, { needs: "tags" });
  const store = await openStore(invocation, location);
  const index = await createIndex(store, references, {
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(artifactType !== "" && { artifactType }),
    onStep: stepLines(invocation, format),
    push: false,
    signal,
  });
  await deliverIndex(invocation, format, {
    index,
    word: "Packed",
    store,
    location,
    tags: location.tags,
  });
}
