import { Repository } from "../../distribution/repository.ts";
import { parseJson } from "../../image/parse_json.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import { fetchManifest } from "./_fetch_manifest.ts";
import { writeFile } from "./_file.ts";
import type { FlagValues } from "./_flag.ts";
import { readFormat } from "./_format.ts";
import { indentJson, sortKeys } from "./_json.ts";
import { readLocation } from "./_location.ts";
import { openSource } from "./_open_store.ts";
import { readPlatform } from "./_platform.ts";
import {
  descriptorBlock,
  printDescriptor,
  printWholeDescriptor,
} from "./render/descriptor.ts";

/** Prints or saves a manifest, or its descriptor. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const output = flags.text("output");
  checkFlags(flags, output);
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const reference = location.target!;
  const platform = readPlatform(flags.text("platform"));
  const types = flags.list("media-type");
  const accept = types.length === 0 ? undefined : types;
  const store = await openSource(invocation, location);
  // Mirrors answer what is read: no question of what is there.
  const isMirrored = flags.list("mirror").length > 0;
  if (
    flags.bool("descriptor") && output === "" && platform === undefined &&
    !isMirrored
  ) {
    const descriptor = store instanceof Repository
      ? await store.manifests.head(reference, { accept, signal })
      : await store.resolve(reference, { accept, signal });
    return printDescriptor(invocation, descriptor);
  }
  const { bytes, descriptor } = await fetchManifest(store, reference, {
    accept,
    platform,
    signal,
  });
  if (output !== "" && output !== "-") await writeFile(output, bytes, signal);
  if (flags.bool("descriptor")) {
    if (platform === undefined) printDescriptor(invocation, descriptor);
    else printWholeDescriptor(invocation, descriptor);
  } else if (!format.isText) {
    format.print(console, {
      ...descriptorBlock(location.name, descriptor),
      content: contentOf(bytes),
    });
  } else if (output === "" || output === "-") {
    if (flags.bool("pretty")) {
      console.json(`${indentJson(new TextDecoder().decode(bytes))}\n`);
    } else {
      console.json(bytes);
    }
  }
}

function checkFlags(flags: FlagValues, output: string): void {
  refuseTogether(flags, "format", "descriptor");
  refuseTogether(flags, "format", "pretty");
  if (output !== "-") return;
  if (flags.given("descriptor")) {
    throw new UsageError(
      "`--descriptor` cannot be used with `--output -` at the same time",
    );
  }
  if (flags.given("format")) {
    throw new UsageError(
      "`--output -` cannot be used with `--format` at the same time",
    );
  }
}

/** What a manifest holds, sorted; null where it is no JSON. */
function contentOf(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return sortKeys(parseJson(bytes));
  } catch {
    return null;
  }
}
