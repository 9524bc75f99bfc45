import type { Manifest } from "../../image/manifest.ts";
import { pushArtifact } from "../_push.ts";
import * as steps from "../_push_defaults.ts";
import type { Invocation } from "./_command.ts";
import { withoutWriting } from "./_dry_store.ts";
import { writeOutput } from "./_file.ts";
import { readFormat } from "./_format.ts";
import { describeLocation, readLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import {
  artifactTypeOf,
  packedDescriptor,
  readPackOptions,
} from "./_pack_options.ts";
import { pushedBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Pushes files and directories. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = "", ...files], console, flags, signal } =
    invocation;
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, { needs: "tags" });
  const options = readPackOptions(flags);
  const isDry = flags.bool("dry-run");
  const opened = await openStore(invocation, location);
  const store = isDry ? withoutWriting(opened) : opened;
  if (files.length === 0 && format.isText && !isDry) {
    console.out("Uploading empty artifact");
  }
  const tags = [location.tag ?? [], location.tags].flat();
  const result = await (async () => {
    using view = watchTransfers(invocation, {
      lines: format.isText && !isDry ? 9 : undefined,
    });
    return await pushArtifact({ store, digest: location.digest }, {
      ...options,
      files,
      tags,
      signal,
    }, { ...steps, report: view.onProgress });
  })();
  const { descriptor, manifest } = result;
  // First what has been done: the export may fail, and does not undo it.
  format.print(
    console,
    pushedBlock(location.name, packedDescriptor(result), result.tags),
  );
  if (isDry) {
    const where = describeLocation(location);
    console.err(`Would push ${descriptor.digest} to ${where}`);
  } else if (format.isText) {
    console.out(`Pushed ${describeLocation(location)}`);
    for (const tag of location.tags) console.out(`Tagged ${tag}`);
    console.out(`ArtifactType: ${artifactTypeOf(manifest.value as Manifest)}`);
    console.out(`Digest: ${descriptor.digest}`);
  }
  const exported = flags.text("export-manifest");
  if (exported !== "") {
    await writeOutput(invocation, exported, manifest.bytes);
  }
}
