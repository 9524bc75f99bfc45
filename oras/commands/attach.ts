import { attach } from "../attach.ts";
import type { Invocation } from "./_command.ts";
import { withoutWriting } from "./_dry_store.ts";
import { UsageError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import { writeOutput } from "./_file.ts";
import { readFormat } from "./_format.ts";
import { describeLocation, readLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import { packedDescriptor, readPackOptions } from "./_pack_options.ts";
import { readPlatform } from "./_platform.ts";
import { usageLine } from "./help.ts";
import { descriptorBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Attaches files to a manifest that exists. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = "", ...files], console, flags, signal } =
    invocation;
  const format = await readFormat(flags);
  refuseTogether(flags, "config", "platform");
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const options = readPackOptions(flags);
  checkContent(invocation, files);
  const platform = readPlatform(flags.text("platform"));
  const opened = await openStore(invocation, location);
  const isDry = flags.bool("dry-run");
  if (files.length === 0 && format.isText && !isDry) {
    console.out("Uploading empty artifact");
  }
  const store = isDry ? withoutWriting(opened) : opened;
  const result = await (async () => {
    using view = watchTransfers(invocation, {
      lines: format.isText && !isDry ? 9 : undefined,
    });
    return await attach(store, location.target!, {
      ...options,
      artifactType: flags.text("artifact-type"),
      files,
      platform,
      onProgress: view.onProgress,
      signal,
    });
  })();
  const { descriptor, manifest, subject } = result;
  format.print(
    console,
    descriptorBlock(location.name, packedDescriptor(result)),
  );
  const where = describeLocation(location, subject.digest);
  if (isDry) console.err(`Would attach ${descriptor.digest} to ${where}`);
  else if (format.isText) {
    console.out(`Attached to ${where}`);
    console.out(`Digest: ${descriptor.digest}`);
  }
  const exported = flags.text("export-manifest");
  if (exported !== "") {
    await writeOutput(invocation, exported, manifest.bytes);
  }
}

function checkContent(invocation: Invocation, files: readonly string[]): void {
  const { command, flags, path } = invocation;
  if (flags.text("artifact-type") === "") {
    throw new UsageError("missing artifact type");
  }
  if (
    files.length > 0 || flags.given("annotation") ||
    flags.given("annotation-file")
  ) return;
  throw new UsageError("neither file nor annotation provided in the command", {
    usage: usageLine(command, path),
    hint:
      `To attach to an existing artifact, please provide files via argument or annotations via flag "--annotation". Run "${path} -h" for more options and examples`,
  });
}
