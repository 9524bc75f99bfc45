import type { Descriptor } from "../../image/descriptor.ts";
import { copy } from "../copy.ts";
import { CopyError, step } from "../copy_error.ts";
import type { CopyOptions, CopyResult } from "../copy_options.ts";
import { resolveManifest } from "../graph/_read_manifest.ts";
import { pathExists } from "../_path_exists.ts";
import { manifestForPlatform } from "../_platform.ts";
import type { ReadableStore, WritableStore } from "../store.ts";
import {
  type ArchiveArgument,
  readArchiveArgument,
} from "./_archive_argument.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { withoutWriting } from "./_dry_store.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { explain } from "./_explain.ts";
import { type Format, readFormat } from "./_format.ts";
import {
  describeLocation,
  type Location,
  type LocationOptions,
  readLocation,
  showLocation,
} from "./_location.ts";
import { openArchiveArgument } from "./_open_archive_argument.ts";
import { openReader, openStore } from "./_open_store.ts";
import { readPlatform } from "./_platform.ts";
import { sided } from "./_sided.ts";
import { pushedBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** One side of a copy, as it was named. */
interface Side {
  /** What it is called in messages: `[kind] name`. */
  readonly shown: string;
  /** The name with its tag or digest. */
  readonly text: string;
  readonly kind: string;
  readonly name: string;
  readonly target: string | undefined;
  readonly tags: readonly string[];
  readonly location: Location | undefined;
  readonly archive: ArchiveArgument | undefined;
}

/** Copies an artifact from one place to another. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [from = "", to = ""], flags, signal } = invocation;
  const format = await readFormat(flags);
  const source = readSide(invocation, "from", from);
  const target = readSide(invocation, "to", to);
  const platform = readPlatform(flags.text("platform"));
  await using opened = await openSource(invocation, source);
  const { reference, store } = opened;
  try {
    if (target.archive !== undefined) {
      return await toArchive(invocation, {
        format,
        source,
        target,
        store,
        reference,
      });
    }
    const location = target.location!;
    const isDry = flags.bool("dry-run");
    const writable = await openStore(sided(invocation, "to"), location);
    using view = watchTransfers(invocation, {
      lines: format.isText && !isDry ? 7 : undefined,
    });
    const options: CopyOptions = {
      concurrency: flags.given("concurrency")
        ? readConcurrency(flags)
        : undefined,
      recursive: flags.bool("recursive"),
      digestTags: flags.bool("digest-tags"),
      heal: flags.bool("force"),
      includeForeign: flags.bool("include-foreign"),
      existingTag: flags.bool("no-clobber") ? "fail" : "replace",
      platform,
      tags: target.tags,
      onProgress: view.onProgress,
      signal,
    };
    const sink = isDry ? withoutWriting(writable) : writable;
    const { descriptor, tags } = target.target === undefined
      ? await copyByDigest(store, reference, sink, options)
      : await copy(store, reference, sink, target.target, options);
    view[Symbol.dispose]();
    report(invocation, { format, source, target, descriptor, tags });
  } catch (error) {
    throw sidedError(error, source, target);
  }
}

/** Copies what gets no tag: the target has it by its digest. */
async function copyByDigest(
  store: ReadableStore,
  reference: string,
  target: WritableStore,
  options: CopyOptions,
): Promise<CopyResult> {
  const { platform, signal } = options;
  const { digest } = await step(
    signal,
    { operation: "resolve", origin: "source", reference },
    () => findManifest(store, reference, { platform, signal }),
  );
  return await copy(store, digest, target, digest, {
    ...options,
    platform: undefined,
  });
}

/** The descriptor of a manifest, or of that for a platform among those of an index. */
async function findManifest(
  store: ReadableStore,
  reference: string,
  { platform, signal }: Pick<CopyOptions, "platform" | "signal">,
): Promise<Descriptor> {
  if (platform === undefined) return await store.resolve(reference, { signal });
  const content = await resolveManifest(store, reference, { signal });
  const chosen = await manifestForPlatform(store, content, platform, {
    signal,
  });
  return chosen.descriptor;
}

function readSide(
  invocation: Invocation,
  side: "from" | "to",
  text: string,
): Side {
  const archive = readArchiveArgument(text);
  if (archive !== undefined) {
    const { kind, path: name, target } = archive;
    return {
      shown: `[${kind}] ${text.slice(kind.length + 1)}`,
      text,
      kind,
      name,
      target,
      tags: [],
      location: undefined,
      archive,
    };
  }
  const needs: LocationOptions["needs"] = side === "from"
    ? "tag-or-digest"
    : "tags";
  const flags = invocation.flags.side(side);
  const location = readLocation(invocation, text, { flags, needs });
  const { kind, name, tags, target } = location;
  return {
    shown: describeLocation(location),
    text: showLocation(location),
    kind,
    name,
    target,
    tags,
    location,
    archive,
  };
}

interface OpenSource extends AsyncDisposable {
  readonly store: ReadableStore;
  readonly reference: string;
}

async function openSource(
  invocation: Invocation,
  { archive, location, target, text }: Side,
): Promise<OpenSource> {
  if (archive === undefined) {
    const store = await openReader(sided(invocation, "from"), location!);
    return {
      store,
      reference: target!,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  return await openArchiveArgument(archive, text, invocation.signal);
}

interface ToArchive {
  readonly format: Format;
  readonly source: Side;
  readonly target: Side;
  readonly store: ReadableStore;
  readonly reference: string;
}

async function toArchive(
  invocation: Invocation,
  { format, reference, source, store, target }: ToArchive,
): Promise<void> {
  const { flags, signal } = invocation;
  const platform = readPlatform(flags.text("platform"));
  const { digest, mediaType, size } = await findManifest(store, reference, {
    platform,
    signal,
  });
  const descriptor = { mediaType, digest, size };
  const isDry = flags.bool("dry-run");
  const archive = target.archive!;
  const companions = {
    recursive: flags.bool("recursive"),
    digestTags: flags.bool("digest-tags"),
  };
  if (archive.kind === "docker-archive") {
    for (const name of ["recursive", "digest-tags"]) {
      if (!flags.bool(name)) continue;
      throw new UsageError(
        `--${name} cannot be used with a docker-archive, which holds images alone`,
      );
    }
  }
  if (flags.bool("no-clobber") && await isThere(archive.path)) {
    throw pathExists(archive.path);
  }
  if (!isDry) {
    const { saveArchive } = await import("./_archives.ts");
    using view = watchTransfers(invocation, {
      lines: format.isText ? 7 : undefined,
    });
    await saveArchive(archive, {
      store,
      descriptor,
      platform,
      ...companions,
      includeForeign: flags.bool("include-foreign"),
      onProgress: view.onProgress,
      signal,
    });
  }
  report(invocation, { format, source, target, descriptor, tags: [] });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

interface Copied {
  readonly format: Format;
  readonly source: Side;
  readonly target: Side;
  readonly descriptor: Descriptor;
  readonly tags: readonly string[];
}

function report(
  { console, flags }: Invocation,
  { descriptor, format, source, tags, target }: Copied,
): void {
  const isDry = flags.bool("dry-run");
  if (isDry) console.err(`Would copy ${source.shown} => ${target.shown}`);
  format.print(console, pushedBlock(target.name, descriptor, tags));
  if (!format.isText || isDry) return;
  console.out(`Copied ${source.shown} => ${target.shown}`);
  for (const tag of target.tags) console.out(`Tagged ${tag}`);
  console.out(`Digest: ${descriptor.digest}`);
}

/** Says which side failed. */
function sidedError(error: unknown, source: Side, target: Side): unknown {
  if (!(error instanceof CopyError)) return error;
  const [word, { kind, text }] = error.origin === "source"
    ? ["source", source]
    : ["destination", target];
  const { hint, message } = explain(error.cause ?? error);
  return new CommandError(message, {
    prefix: `Error from ${word} ${kind} for ${JSON.stringify(text)}:`,
    cause: error,
    hint,
  });
}
