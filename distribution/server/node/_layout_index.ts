import type { Descriptor } from "../../../image/descriptor.ts";
import { AnnotationKeys } from "../../../image/annotations.ts";
import { encodeJson } from "../../../image/encode_json.ts";
import { MediaTypes } from "../../../image/media_type.ts";
import { isTag } from "../../reference.ts";

const REF_NAME = AnnotationKeys.refName;

/** Which names of entries count as tags. */
export type NameRule = (name: string) => boolean;

const decoder = new TextDecoder();

/** What all indexes have in common that become of one. */
interface IndexFrame {
  /** The members beside `manifests`. */
  readonly rest: Readonly<Record<string, unknown>>;
  readonly isName: NameRule;
  /** The JSON of entries: of thousands, a change concerns a few. */
  readonly texts: WeakMap<Descriptor, string>;
}

/** The `index.json` of a layout, as a value that never changes. */
export class LayoutIndex {
  /** The entries, with whatever else stands in them. */
  readonly entries: readonly Descriptor[];
  /** The digests that tags point at. Of two entries with one name the first counts. */
  readonly tags: ReadonlyMap<string, string>;
  /** The entries by digest. */
  readonly byDigest: ReadonlyMap<string, Descriptor>;
  readonly #frame: IndexFrame;

  /** `before` is an index that begins with the same entries. */
  private constructor(
    entries: readonly Descriptor[],
    frame: IndexFrame,
    before?: LayoutIndex,
  ) {
    this.#frame = frame;
    this.entries = entries;
    const tags = new Map(before?.tags);
    const byDigest = new Map(before?.byDigest);
    for (let at = before?.entries.length ?? 0; at < entries.length; at++) {
      const entry = entries[at]!;
      const tag = this.#tagOf(entry);
      if (tag !== undefined && !tags.has(tag)) tags.set(tag, entry.digest);
      if (!byDigest.has(entry.digest)) byDigest.set(entry.digest, entry);
    }
    this.tags = tags;
    this.byDigest = byDigest;
  }

  /** The index of a new layout. `isName` says which names count as tags. */
  static empty(isName: NameRule = isTag): LayoutIndex {
    const rest = { schemaVersion: 2, mediaType: MediaTypes.index };
    return new LayoutIndex([], { rest, isName, texts: new WeakMap() });
  }

  /** Reads an index, and gives undefined where the value is none. */
  static from(
    value: unknown,
    isName: NameRule = isTag,
  ): LayoutIndex | undefined {
    if (typeof value !== "object" || value === null) return undefined;
    const { manifests, ...rest } = value as Record<string, unknown>;
    // Go's encoder writes an empty list as null.
    const list = manifests === null ? [] : manifests;
    if (!Array.isArray(list) || !list.every(isEntry)) return undefined;
    return new LayoutIndex(list, { rest, isName, texts: new WeakMap() });
  }

  /**
   * The index with a manifest in it, to which the tags point.
   *
   * A manifest has one entry for each of its tags, and one without a name where it
   * has none. What a tag pointed at before keeps an entry.
   */
  with(
    descriptor: Descriptor,
    tags: readonly string[],
  ): LayoutIndex {
    const missing = new Set(
      tags.filter((tag) => this.tags.get(tag) !== descriptor.digest),
    );
    const added = [...missing].map((tag) => ({
      ...descriptor,
      annotations: { [REF_NAME]: tag },
    }));
    if (!this.byDigest.has(descriptor.digest)) {
      const isNew = [...missing].every((tag) => !this.tags.has(tag));
      // Nothing else changes: what is known of the others is still so.
      if (isNew) return this.#append(added.length > 0 ? added : [descriptor]);
    } else if (missing.size === 0) return this;
    const entries = this.#untag((tag) => missing.has(tag))
      // An entry that only kept the manifest listed is needed no more.
      .filter((entry) =>
        added.length === 0 || entry.digest !== descriptor.digest ||
        !isBare(entry)
      );
    entries.push(...added);
    if (!entries.some(({ digest }) => digest === descriptor.digest)) {
      entries.push(descriptor);
    }
    return this.#replace(entries);
  }

  /** The index without a tag. What it pointed at keeps an entry. */
  withoutTag(tag: string): LayoutIndex {
    return this.#replace(this.#untag((name) => name === tag));
  }

  /** The index without a manifest and its tags. */
  withoutManifest(digest: string): LayoutIndex {
    return this.#replace(
      this.entries.filter((entry) => entry.digest !== digest),
    );
  }

  /** The index without entries that only keep these manifests listed, which others point at. */
  withoutBare(digests: ReadonlySet<string>): LayoutIndex {
    return this.#replace(
      this.entries.filter((entry) =>
        !digests.has(entry.digest) || !isBare(entry)
      ),
    );
  }

  /** The content of the file. */
  encode(): Uint8Array<ArrayBuffer> {
    const { rest, texts } = this.#frame;
    // Stands for the entries, whose JSON is known but for the new ones.
    const place = crypto.randomUUID();
    const frame = decoder.decode(encodeJson({ ...rest, manifests: [place] }));
    const list = this.entries.map((entry) => {
      let text = texts.get(entry);
      if (text === undefined) {
        text = decoder.decode(encodeJson(entry));
        texts.set(entry, text);
      }
      return text;
    });
    const [head, tail] = frame.split(JSON.stringify(place));
    return new TextEncoder().encode(`${head}${list.join()}${tail}`);
  }

  #append(added: readonly Descriptor[]): LayoutIndex {
    return new LayoutIndex([...this.entries, ...added], this.#frame, this);
  }

  #replace(entries: readonly Descriptor[]): LayoutIndex {
    const same = entries.length === this.entries.length &&
      entries.every((entry, index) => entry === this.entries[index]);
    return same ? this : new LayoutIndex(entries, this.#frame);
  }

  #tagOf(entry: Descriptor): string | undefined {
    const name = entry.annotations?.[REF_NAME];
    return typeof name === "string" && this.#frame.isName(name)
      ? name
      : undefined;
  }

  /** The entries, with some of the tags taken off. */
  #untag(isGone: (tag: string) => boolean): Descriptor[] {
    const kept: Descriptor[] = [];
    const nameless: Descriptor[] = [];
    for (const entry of this.entries) {
      const tag = this.#tagOf(entry);
      if (tag === undefined || !isGone(tag)) kept.push(entry);
      else nameless.push(entry);
    }
    for (const entry of nameless) {
      if (kept.some(({ digest }) => digest === entry.digest)) continue;
      const { annotations, ...rest } = entry;
      const { [REF_NAME]: _, ...others } = annotations!;
      const left = Object.keys(others).length > 0;
      kept.push(left ? { ...rest, annotations: others } : rest);
    }
    return kept;
  }
}

function isBare(entry: Descriptor): boolean {
  return Object.keys(entry).every((key) =>
    key === "mediaType" || key === "digest" || key === "size"
  );
}

function isEntry(value: unknown): value is Descriptor {
  if (typeof value !== "object" || value === null) return false;
  const { mediaType, digest, size } = value as Record<string, unknown>;
  return typeof mediaType === "string" && typeof digest === "string" &&
    typeof size === "number";
}
