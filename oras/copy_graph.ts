import { RegistryError } from "../distribution/errors.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { ManifestContent } from "../image/manifest_content.ts";
import { CopyError } from "./copy_error.ts";
import type { CopyGraphOptions, CopyResult } from "./copy_options.ts";
import { GraphCopy } from "./graph/_graph_copy.ts";
import type { CopyNode, CopyReport } from "./graph/_graph_copy_options.ts";
import { Newness } from "./graph/_newness.ts";
import type { ReadableStore, WritableStore } from "./store.ts";

/**
 * Copies content with all that it points at, and without tags.
 *
 * Children come before their parents, several pieces at a time, and each digest is
 * moved once. What the target has is not moved again.
 *
 * @throws {CopyError} One of the stores failed; the error tells which, and at what.
 * @throws {RangeError} `concurrency` is no positive integer.
 *
 * @example
 * ```ts
 * import { copyGraph, MemoryStore } from "@gantry/oci/oras";
 * import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assert } from "@std/assert";
 *
 * const [source, target] = [new MemoryStore(), new MemoryStore()];
 * await source.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
 * await copyGraph(source, target, EMPTY_DESCRIPTOR);
 * assert(await target.exists(EMPTY_DESCRIPTOR));
 * ```
 */
export async function copyGraph(
  source: ReadableStore,
  target: WritableStore,
  roots: Descriptor | readonly Descriptor[],
  options: CopyGraphOptions = {},
): Promise<Pick<CopyResult, "copied" | "mounted" | "existed" | "bytes">> {
  const list = Array.isArray(roots)
    ? roots as readonly Descriptor[]
    : [roots as Descriptor];
  const { counted: _, left: __, ...counts } = await copyRoots(
    source,
    target,
    list.map((descriptor) => ({ node: { descriptor } })),
    options,
  );
  return counts;
}

/** What a copy begins with. */
export interface CopyRoot {
  /** The content. */
  readonly node: CopyNode;
  /** The tags that it gets as it arrives. */
  readonly tags?: readonly string[];
  /** What it holds, where that is known. */
  readonly content?: ManifestContent | undefined;
}

/** Copies graphs; where the target turns out to lack what it said it had, once more with all of it. */
export async function copyRoots(
  source: ReadableStore,
  target: WritableStore,
  roots: readonly CopyRoot[],
  options: CopyGraphOptions & { readonly isNew?: boolean },
): Promise<CopyReport> {
  const counts: CopyReport = {
    copied: 0,
    mounted: 0,
    existed: 0,
    bytes: 0,
    left: new Set(),
    counted: new Set(),
  };
  const run = async (heal: boolean, isNew: boolean): Promise<void> => {
    const newness = {
      manifests: new Newness(isNew),
      blobs: new Newness(isNew),
    };
    const graph = new GraphCopy({
      ...options,
      heal,
      source,
      target,
      counts,
      newness,
    });
    for (const { content, node, tags } of roots) {
      graph.add({ ...node, isRoot: true }, tags, content);
    }
    await graph.run();
  };
  const { heal = false, isNew = false } = options;
  try {
    await run(heal, isNew);
  } catch (error) {
    if (heal || !lacksContent(error)) throw error;
    await run(true, false);
  }
  return counts;
}

/** What a registry says of a manifest that points at what it has not. */
const LACKING: ReadonlySet<string> = new Set([
  "BLOB_UNKNOWN",
  "MANIFEST_BLOB_UNKNOWN",
  "MANIFEST_UNKNOWN",
]);

function lacksContent(error: unknown): boolean {
  if (!(error instanceof CopyError) || error.origin !== "target") return false;
  const { cause, operation } = error;
  return operation === "push" && cause instanceof RegistryError &&
    cause.errors.some(({ code }) => LACKING.has(code));
}
