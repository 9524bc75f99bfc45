import { BaseRegistry } from "../base_registry.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import { writeFile } from "./_file.ts";
import type { FlagValues } from "./_flag.ts";
import { readFormat } from "./_format.ts";
import { indentJson, sortKeys } from "./_json.ts";
import { readPlatform } from "./_platform.ts";
import { remoteOptions } from "./_remote.ts";
import { readTarget } from "./_target.ts";
import { descriptorBlock, printDescriptor } from "./render/descriptor.ts";

/** Prints or saves a manifest, or its descriptor. */
export async function run(invocation: Invocation): Promise<void> {
  const { console, flags } = invocation;
  const format = await readFormat(flags);
  const output = flags.text("output");
  checkFlags(flags, output);
  const reference = readTarget(invocation);
  const platform = readPlatform(flags.text("platform"));
  const accept = flags.list("media-type");
  const registry = new BaseRegistry({
    ...await remoteOptions(invocation, reference.registry),
    defaultTag: "",
  });
  const { signal } = invocation;
  if (flags.bool("descriptor") && output === "" && platform === undefined) {
    const descriptor = await registry.repository(reference).manifests.head(
      reference.target!,
      { signal, ...(accept.length > 0 && { accept }) },
    );
    return printDescriptor(invocation, descriptor);
  }
  const { bytes, descriptor, value } = await registry.getManifest(reference, {
    signal,
    ...(accept.length > 0 && { accept }),
    ...(platform !== undefined && { platform }),
  });
  if (output !== "" && output !== "-") await writeFile(output, bytes);
  if (flags.bool("descriptor")) {
    printDescriptor(invocation, descriptor);
  } else if (!format.isText) {
    format.print(console, {
      ...descriptorBlock(reference.name, descriptor),
      content: sortKeys(value),
    });
  } else if (output === "" || output === "-") {
    if (flags.bool("pretty")) {
      console.out(indentJson(new TextDecoder().decode(bytes)));
    } else {
      console.outRaw(bytes);
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
