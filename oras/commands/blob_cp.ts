import type {
  ProgressEvent,
  ProgressPhase,
} from "../../distribution/progress.ts";
import { Repository } from "../../distribution/repository.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { findBlob } from "./_find_blob.ts";
import { readFormat } from "./_format.ts";
import { describeLocation, readLocation } from "./_location.ts";
import { openReader, openStore } from "./_open_store.ts";
import { sided } from "./_sided.ts";
import { descriptorBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Copies a blob from one place to another. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [from = "", to = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const source = readLocation(invocation, from, {
    flags: flags.side("from"),
    needs: "digest",
  });
  const digest = source.digest!;
  const target = readLocation(invocation, to, { flags: flags.side("to") });
  if (target.tag !== undefined) {
    throw new UsageError(`${JSON.stringify(to)}: a blob has no tag`, {
      hint: 'Please specify it in the form of "<name>[@<digest>]"',
    });
  }
  if (target.digest !== undefined && target.digest !== digest) {
    throw new UsageError(
      `digest mismatch: ${digest} cannot become ${target.digest}`,
    );
  }
  const fromStore = await openReader(sided(invocation, "from"), source);
  const descriptor = await findBlob(fromStore, digest, signal);
  const shown = `${describeLocation(source)} => ${
    describeLocation(target, digest)
  }`;
  const isDry = flags.bool("dry-run");
  let result: string | undefined;
  if (!isDry) {
    const toStore = await openStore(sided(invocation, "to"), target);
    using view = watchTransfers(invocation, {
      lines: format.isText ? 7 : undefined,
    });
    result = await toStore.push(descriptor, {
      size: descriptor.size,
      open: (offset = 0) => fromStore.fetch(descriptor, { offset, signal }),
    }, {
      mount: toStore instanceof Repository
        ? toStore.mountSource(fromStore)
        : undefined,
      onProgress: (event) => view.onProgress(asCopy(event)),
      signal,
    });
  }
  if (isDry) console.err(`Would copy ${shown}`);
  format.print(console, {
    ...descriptorBlock(target.name, descriptor),
    result: result === "uploaded" ? "copied" : result ?? null,
  });
  if (!format.isText || isDry) return;
  console.out(`Copied ${shown}`);
  console.out(`Digest: ${digest}`);
}

const PHASES: Partial<Record<ProgressPhase, ProgressPhase>> = {
  uploading: "copying",
  uploaded: "copied",
};

/** The same step, in the words of a copy. */
function asCopy(event: ProgressEvent): ProgressEvent {
  return { ...event, phase: PHASES[event.phase] ?? event.phase };
}
