import type { MountSource } from "../../distribution/mount_source.ts";
import type { ProgressPhase } from "../../distribution/progress.ts";
import { toSource } from "../../distribution/source.ts";
import { AnnotationKeys } from "../../image/annotations.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { isIndex, type ManifestContent } from "../../image/manifest_content.ts";
import { isForeignType, isManifestType } from "../../image/manifest_type.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { successors } from "../../image/successors.ts";
import { step } from "../copy_error.ts";
import { can } from "../store.ts";
import { isNotFound } from "../store_error.ts";
import { Companions } from "./_companions.ts";
import type { CopyNode, GraphCopyOptions } from "./_graph_copy_options.ts";
import { HeldManifests } from "./_held_manifests.ts";
import { inlineContent } from "./_inline.ts";
import { ListedReferrers } from "./_listed_referrers.ts";
import { putTagged } from "./_put_tagged.ts";
import { readManifest } from "./_read_manifest.ts";
import { Transfer } from "./_transfer.ts";
import { Traversal, type Visitor } from "./_traversal.ts";

const INDEXES: ReadonlySet<string> = new Set([
  MediaTypes.index,
  MediaTypes.dockerManifestList,
]);

/** Copies graphs: what a manifest points at before the manifest. */
export class GraphCopy implements Visitor<CopyNode> {
  readonly #options: GraphCopyOptions;
  readonly #mount: MountSource | undefined;
  readonly #companions: Companions;
  readonly #listed: ListedReferrers;
  readonly #traversal: Traversal<CopyNode>;
  readonly #held = new HeldManifests();
  /** Manifests that the target has. */
  readonly #present = new Set<string>();
  /** Manifests that have been left behind. */
  readonly #arrived = new Map<string, Descriptor>();
  /** Tags that are to be set when a manifest arrives. */
  readonly #tags = new Map<string, Set<string>>();

  constructor(options: GraphCopyOptions) {
    const { concurrency: limit = 6, signal, source, target } = options;
    this.#options = options;
    this.#listed = new ListedReferrers(target);
    this.#mount = can(target, "mountSource")
      ? target.mountSource(source)
      : undefined;
    this.#companions = new Companions(source, options);
    this.#traversal = new Traversal<CopyNode>(this, { limit, signal });
  }

  /** Adds a root, with the tags that it gets as it arrives. */
  add(
    node: CopyNode,
    tags?: readonly string[],
    content?: ManifestContent,
  ): void {
    const { descriptor } = node;
    if (content !== undefined) this.#held.add(content);
    if (tags !== undefined && tags.length > 0) {
      const all = this.#tags.get(descriptor.digest) ?? new Set();
      for (const tag of tags) all.add(tag);
      this.#tags.set(descriptor.digest, all);
    }
    this.#traversal.add(node);
  }

  /** Copies what was added. */
  async run(): Promise<void> {
    await this.#traversal.run();
    // What had arrived before it was known to have a tag.
    const { signal, target } = this.#options;
    for (const [digest, tags] of this.#tags) {
      const descriptor = this.#arrived.get(digest);
      if (descriptor === undefined) continue;
      for (const tag of tags) {
        await step(
          signal,
          { operation: "tag", origin: "target", descriptor, reference: tag },
          () => target.tag(descriptor, tag, { signal }),
        );
      }
    }
  }

  key({ descriptor: { digest, mediaType } }: CopyNode): string {
    return `${isManifestType(mediaType) ? "manifest" : "blob"} ${digest}`;
  }

  async enter(
    node: CopyNode,
    signal: AbortSignal,
  ): Promise<readonly CopyNode[] | undefined> {
    const { counts, hooks, includeForeign = false } = this.#options;
    const { descriptor } = node;
    if (isForeignType(descriptor.mediaType) && !includeForeign) {
      return await this.#skip(descriptor, "skipped");
    }
    if (await hooks?.before?.(descriptor) === "skip") {
      counts.left.add(descriptor.digest);
      return await this.#skip(descriptor, "skipped");
    }
    if (isManifestType(descriptor.mediaType)) {
      return await this.#open(node, signal);
    }
    await this.#copyBlob(descriptor, signal);
    return undefined;
  }

  async leave(node: CopyNode, signal: AbortSignal): Promise<void> {
    const { descriptor, isSubject } = node;
    const { counts, hooks, target } = this.#options;
    const { digest, size } = descriptor;
    const tags = [...this.#tags.get(digest) ?? []];
    this.#tags.delete(digest);
    const isPresent = this.#present.has(digest);
    const held = this.#held.take(digest);
    if (!isPresent || tags.length > 0) {
      const content = held ?? await this.#read(descriptor, signal);
      if (!isPresent) this.#report(descriptor, "copying", 0);
      await step(
        signal,
        { operation: "push", origin: "target", descriptor },
        () => putTagged(target, { ...content, descriptor }, tags, { signal }),
      );
    } else await this.#list(node, held, signal);
    this.#arrived.set(digest, descriptor);
    if (!isPresent) {
      counts.copied++;
      counts.counted.add(digest);
      counts.bytes += size;
      this.#report(descriptor, "copied", size);
      await hooks?.after?.(descriptor);
    }
    if (isSubject !== true) await this.#addCompanions(descriptor, signal);
  }

  /** Looks at a manifest, and gives what is to be copied before it. */
  async #open(
    node: CopyNode,
    signal: AbortSignal,
  ): Promise<readonly CopyNode[] | undefined> {
    const { digestTags, heal = false, recursive } = this.#options;
    const { descriptor, isKnown, isSubject } = node;
    const isPresent = isKnown || await this.#exists(descriptor, signal);
    if (isPresent && !heal) {
      this.#present.add(descriptor.digest);
      await this.#skip(descriptor, "exists");
      const isDeep = INDEXES.has(descriptor.mediaType) &&
        (recursive || digestTags);
      if (!isDeep) return [];
      const { value } = await this.#read(descriptor, signal);
      return isIndex(value)
        ? value.manifests.map((child) => ({ descriptor: child, isKnown: true }))
          .filter(({ descriptor }) => isManifestType(descriptor.mediaType))
        : [];
    }
    let content: ManifestContent;
    try {
      content = this.#held.take(descriptor.digest) ??
        await this.#read(descriptor, signal);
    } catch (error) {
      // What a manifest is about need not exist (image-spec manifest.md, `subject`), and
      // what refers to it can be gone from where a list still names it.
      const { cause } = error as Error;
      const isOptional = isSubject || node.refersTo !== undefined;
      if (!isOptional || !isNotFound(cause)) throw error;
      if (isSubject) this.#present.add(descriptor.digest);
      return await this.#skip(descriptor, "skipped");
    }
    if (isPresent) {
      this.#present.add(descriptor.digest);
      await this.#skip(descriptor, "exists");
    }
    this.#held.add(content);
    const subject = content.value.subject?.digest;
    const children = this.#options.successors?.(content) ??
      successors(content.value);
    return children.map((child) => ({
      descriptor: child,
      isSubject: child.digest === subject,
    }));
  }

  async #copyBlob(
    descriptor: Descriptor,
    signal: AbortSignal,
  ): Promise<void> {
    const { counts, hooks, newness: { blobs }, source, target } = this.#options;
    const mount = this.#mount;
    const skipCheck = mount === undefined && !blobs.mustAsk();
    const inline = await inlineContent(descriptor);
    const transfer = new Transfer(
      inline === undefined
        ? source
        : { fetch: (_, { offset } = {}) => openBytes(inline, offset) },
      descriptor,
      { signal, onOpen: () => this.#report(descriptor, "copying", 0) },
    );
    if (skipCheck) transfer.begin();
    const result = await step(signal, {
      operation: "push",
      origin: "target",
      descriptor,
    }, async () => {
      try {
        return await target.push(descriptor, transfer, {
          mount,
          skipCheck,
          signal,
          onProgress: ({ phase, transferred }) => {
            if (phase !== "uploading") return;
            this.#report(descriptor, "copying", transferred);
          },
        });
      } catch (error) {
        const { failure } = transfer;
        if (failure === undefined) throw error;
        return await step(signal, {
          operation: "fetch",
          origin: "source",
          descriptor,
        }, () => Promise.reject(failure.error));
      } finally {
        await transfer.close();
      }
    });
    if (result === "exists") {
      blobs.found();
      await this.#skip(descriptor, "exists");
    } else if (result === "mounted") {
      counts.mounted++;
      counts.counted.add(descriptor.digest);
      this.#report(descriptor, "mounted", descriptor.size);
      await hooks?.mounted?.(descriptor, mount!);
    } else {
      counts.copied++;
      counts.counted.add(descriptor.digest);
      counts.bytes += descriptor.size;
      this.#report(descriptor, "copied", descriptor.size);
      await hooks?.after?.(descriptor);
    }
  }

  /** Adds what belongs to a manifest without being pointed at by it. */
  async #addCompanions(
    descriptor: Descriptor,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await step(signal, {
      operation: "list",
      origin: "source",
      descriptor,
    }, () => this.#companions.find(descriptor, { signal }));
    for (const { tags, ...node } of found) this.add(node, tags);
  }

  /**
   * Lets the target list what it has: a copy that was interrupted may have written a
   * manifest, and not said yet that it refers to another one, or that it is there.
   */
  async #list(
    { descriptor, isKnown, isRoot, refersTo }: CopyNode,
    held: ManifestContent | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { target } = this.#options;
    const subject = refersTo ?? held?.value.subject;
    const isLost = subject !== undefined &&
      !await this.#listed.has(subject, descriptor.digest, { signal });
    if (!isLost && (isKnown || !isRoot)) return;
    const { bytes } = held ?? await this.#read(descriptor, signal);
    await step(
      signal,
      { operation: "push", origin: "target", descriptor },
      () =>
        target.push(descriptor, toSource(bytes), {
          signal,
          skipCheck: isLost,
        }),
    );
  }

  async #exists(
    descriptor: Descriptor,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { newness: { manifests }, target } = this.#options;
    if (!manifests.mustAsk()) return false;
    const exists = await step(signal, {
      operation: "exists",
      origin: "target",
      descriptor,
    }, () => target.exists(descriptor, { signal }));
    if (exists) manifests.found();
    return exists;
  }

  async #read(
    descriptor: Descriptor,
    signal: AbortSignal,
  ): Promise<ManifestContent> {
    return await step(signal, {
      operation: "fetch",
      origin: "source",
      descriptor,
    }, () => readManifest(this.#options.source, descriptor, { signal }));
  }

  async #skip(
    descriptor: Descriptor,
    phase: "exists" | "skipped",
  ): Promise<undefined> {
    const { counts } = this.#options;
    if (phase === "exists" && !counts.counted.has(descriptor.digest)) {
      counts.existed++;
      counts.counted.add(descriptor.digest);
    }
    this.#report(descriptor, phase, phase === "exists" ? descriptor.size : 0);
    await this.#options.hooks?.skipped?.(descriptor);
  }

  #report(
    descriptor: Descriptor,
    phase: ProgressPhase,
    transferred: number,
  ): void {
    this.#options.onProgress?.({
      descriptor,
      name: descriptor.annotations?.[AnnotationKeys.title],
      phase,
      transferred,
      total: descriptor.size,
    });
  }
}

async function openBytes(
  bytes: Uint8Array<ArrayBuffer>,
  offset: number | undefined,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return await toSource(bytes).open(offset);
}
