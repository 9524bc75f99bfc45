import { readAll } from "../../distribution/_read_all.ts";
import { isManifest, parseManifest } from "../../image/manifest_content.ts";
import { MAX_MANIFEST_SIZE, parseJson } from "../../image/parse_json.ts";
import type { Invocation } from "./_command.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { fetchManifest } from "./_fetch_manifest.ts";
import { refuseTogether } from "./_exclusive.ts";
import { writeFile } from "./_file.ts";
import type { FlagValues } from "./_flag.ts";
import { readFormat } from "./_format.ts";
import { indentJson, sortKeys } from "./_json.ts";
import { readLocation, showLocation } from "./_location.ts";
import { openSource } from "./_open_store.ts";
import { readPlatform } from "./_platform.ts";
import { descriptorBlock, printWholeDescriptor } from "./render/descriptor.ts";

/** Prints or saves the config of a manifest, or its descriptor. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const output = flags.text("output");
  checkFlags(flags, output);
  const platform = readPlatform(flags.text("platform"));
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const store = await openSource(invocation, location);
  const { bytes, descriptor } = await fetchManifest(store, location.target!, {
    platform,
    signal,
  });
  const value = parseManifest(bytes, { mediaType: descriptor.mediaType });
  if (!isManifest(value)) {
    throw new CommandError(
      `${showLocation(location)} is an index, which has no config`,
      { hint: "Choose one of its manifests with --platform or by digest" },
    );
  }
  const { config } = value;
  const wantsDescriptor = flags.bool("descriptor");
  if (wantsDescriptor && output === "") {
    return printWholeDescriptor(invocation, config);
  }
  const content = await readAll(
    await store.fetch(config, { signal }),
    MAX_MANIFEST_SIZE,
    () =>
      new CommandError(
        `the config is larger than ${MAX_MANIFEST_SIZE} bytes; use "gantry blob fetch"`,
      ),
  );
  if (output !== "" && output !== "-") await writeFile(output, content, signal);
  if (wantsDescriptor) printWholeDescriptor(invocation, config);
  else if (!format.isText) {
    format.print(console, {
      ...descriptorBlock(location.name, config),
      content: jsonOf(content),
    });
  } else if (output === "" || output === "-") {
    const text = new TextDecoder().decode(content);
    if (flags.bool("pretty")) console.json(`${indentJson(text)}\n`);
    else console.json(content);
  }
}

function checkFlags(flags: FlagValues, output: string): void {
  refuseTogether(flags, "format", "descriptor");
  refuseTogether(flags, "format", "pretty");
  for (const other of ["descriptor", "format"]) {
    if (output !== "-" || !flags.given(other)) continue;
    throw new UsageError(
      `\`--output -\` cannot be used with \`--${other}\` at the same time`,
    );
  }
}

/** The value of a JSON text, sorted; null where it is none. */
function jsonOf(content: Uint8Array<ArrayBuffer>): unknown {
  try {
    return sortKeys(parseJson(content));
  } catch {
    return null;
  }
}
