import { Digest } from "../../digest/digest.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { isFields } from "../../image/_checker.ts";
import { MAX_MANIFEST_SIZE, parseJson } from "../../image/parse_json.ts";
import { putTagged } from "../graph/_put_tagged.ts";
import type { Invocation } from "./_command.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { readLocal } from "./_local_file.ts";
import { describeLocation, type Location, readLocation } from "./_location.ts";
import { type CommandStore, openStore } from "./_open_store.ts";
import { usageLine } from "./help.ts";
import { isNotFound } from "../store_error.ts";
import { printDescriptor, pushedBlock } from "./render/descriptor.ts";
import { StatusLines } from "./render/status_lines.ts";

/** Pushes a file as a manifest, byte for byte. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = "", path = ""], console, flags, signal } =
    invocation;
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, { needs: "tags" });
  const bytes = await readLocal(path, MAX_MANIFEST_SIZE, signal);
  if (bytes.byteLength > MAX_MANIFEST_SIZE) {
    throw new CommandError(
      `${path} is larger than a manifest may be, ${MAX_MANIFEST_SIZE} bytes`,
    );
  }
  const descriptor = {
    mediaType: readMediaType(invocation, path, bytes),
    digest: String(await Digest.fromBytes(bytes)),
    size: bytes.byteLength,
  };
  if (location.digest !== undefined && location.digest !== descriptor.digest) {
    throw new CommandError(
      `digest mismatch: expected ${location.digest}, but ${path} has ${descriptor.digest}`,
    );
  }
  const isDry = flags.bool("dry-run");
  if (isDry) {
    console.err(
      `Would push ${descriptor.digest} to ${describeLocation(location)}`,
    );
  } else {
    const store = await openStore(invocation, location);
    await push(invocation, { store, location, descriptor, bytes }, {
      isQuiet: !format.isText || flags.bool("descriptor"),
    });
  }
  if (flags.bool("descriptor")) return printDescriptor(invocation, descriptor);
  const tags = [location.tag ?? [], location.tags].flat();
  format.print(console, pushedBlock(location.name, descriptor, tags));
  if (!format.isText || isDry) return;
  console.out(`Pushed: ${describeLocation(location)}`);
  for (const tag of location.tags) console.out(`Tagged ${tag}`);
  console.out(`Digest: ${descriptor.digest}`);
}

interface ManifestPush {
  readonly store: CommandStore;
  readonly location: Location;
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function push(
  invocation: Invocation,
  { bytes, descriptor, location, store }: ManifestPush,
  { isQuiet }: { isQuiet: boolean },
): Promise<void> {
  const { signal } = invocation;
  const { size } = descriptor;
  const { onProgress } = new StatusLines({
    write: (line) => invocation.console.out(line),
    width: isQuiet ? undefined : 9,
    unnamed: invocation.flags.bool("verbose"),
  });
  const report = (phase: "exists" | "uploaded" | "uploading") =>
    onProgress({
      descriptor,
      phase,
      transferred: phase === "uploading" ? 0 : size,
      total: size,
    });
  if (await isThere(store, location, descriptor, signal)) {
    report("exists");
    for (const tag of location.tags) {
      await store.tag(descriptor, tag, { signal });
    }
    return;
  }
  report("uploading");
  const tags = [location.tag ?? [], location.tags].flat();
  await putTagged(store, { descriptor, bytes }, tags, { signal });
  report("uploaded");
}

/** Whether the store has the manifest, under the tag where one is given. */
async function isThere(
  store: CommandStore,
  { tag }: Location,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<boolean> {
  if (tag === undefined) return await store.exists(descriptor, { signal });
  try {
    const { digest } = await store.resolve(tag, { signal });
    return digest === descriptor.digest;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** The media type of `--media-type`, else that which the manifest itself names. */
function readMediaType(
  { command, flags, path: name }: Invocation,
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): string {
  const given = flags.text("media-type");
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (cause) {
    if (given !== "") return given;
    throw new CommandError("not a valid json file", { cause });
  }
  if (given !== "") return given;
  if (isFields(value) && typeof value.mediaType === "string") {
    return value.mediaType;
  }
  throw new UsageError(
    `media type is not specified via the flag "--media-type" nor in ${
      JSON.stringify(path)
    }`,
    {
      usage: usageLine(command, name),
      hint:
        'Please specify a valid media type in the manifest JSON or via the "--media-type" flag',
    },
  );
}
