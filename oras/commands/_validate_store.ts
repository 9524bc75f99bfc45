import { createHasher } from "../../digest/hasher.ts";
import { Digest } from "../../digest/digest.ts";
import { ContentError, DigestError } from "../../digest/errors.ts";
import { readAll } from "../../distribution/_read_all.ts";
import type { RawManifest } from "../../distribution/manifests.ts";
import { isFields } from "../../image/_checker.ts";
import { childPath } from "../../image/_json_path.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { decompress } from "../../image/layer/compression.ts";
import { LayerError } from "../../image/layer/errors.ts";
import { MAX_MANIFEST_SIZE, parseJson } from "../../image/parse_json.ts";
import type {
  ValidationIssue,
  ValidationLevel,
} from "../../image/validation.ts";
import { forEachConcurrent } from "../_pool.ts";
import type { ManifestFetcher, Prober, ReadableStore } from "../store.ts";
import { isNotFound } from "../store_error.ts";
import {
  type DocumentType,
  isForeignLayer,
  typeOfContent,
  validateDocument,
  type Verdict,
} from "./_validate_document.ts";

/** A store that has all that validation asks for. */
export type ValidatedStore = ReadableStore & ManifestFetcher & Prober;

/** How content of a store is validated. */
export interface ValidateStoreOptions {
  /** Which rules count. */
  readonly level: ValidationLevel;
  /** Whether layers are only looked for, and not read. */
  readonly fast: boolean;
  /** How much is read at once. */
  readonly concurrency: number;
  /** Ends the validation. */
  readonly signal: AbortSignal;
}

/** A descriptor, where it stands, and what is known of its content. */
interface Pointer {
  readonly path: string;
  readonly descriptor: Descriptor;
  /** Whether its content may be elsewhere. */
  readonly optional: boolean;
  /** The digest that it has when it is not compressed. */
  readonly diffId?: string | undefined;
}

/**
 * Validates what a reference names, with all that is below it: every document
 * follows its rules, every blob is there and has the size and the digest that its
 * descriptor says, and layers of an image are those of its config. Paths are
 * `digest:path`.
 */
export async function validateReference(
  store: ValidatedStore,
  reference: string,
  options: ValidateStoreOptions,
): Promise<Verdict> {
  const { signal } = options;
  const root = await store.fetchManifest(reference, { signal });
  const type = typeOfContent(root.descriptor.mediaType) ?? "manifest";
  const walk = new StoreWalk(store, options);
  const issues = await walk.run(root, type);
  return { valid: issues.length === 0, type, issues };
}

class StoreWalk {
  readonly #store: ValidatedStore;
  readonly #options: ValidateStoreOptions;
  readonly #seen = new Set<string>();

  constructor(store: ValidatedStore, options: ValidateStoreOptions) {
    this.#store = store;
    this.#options = options;
  }

  async run(
    { bytes, descriptor }: RawManifest,
    type: DocumentType,
  ): Promise<ValidationIssue[]> {
    const { concurrency: limit, signal } = this.#options;
    const issues: ValidationIssue[] = [];
    let level = await this.#document(bytes, descriptor, type, issues);
    while (level.length > 0) {
      const found = level.map((): ValidationIssue[] => []);
      const below = new Array<readonly Pointer[]>(level.length);
      await forEachConcurrent(
        [...level.entries()],
        { limit, signal },
        async ([index, pointer], signal) => {
          below[index] = await this.#follow(pointer, found[index]!, signal);
        },
      );
      issues.push(...found.flat());
      level = below.flat();
    }
    return issues;
  }

  /** Checks what a descriptor points at; gives what that points at. */
  async #follow(
    pointer: Pointer,
    issues: ValidationIssue[],
    signal: AbortSignal,
  ): Promise<readonly Pointer[]> {
    const { descriptor, optional, path } = pointer;
    const { digest, mediaType, size } = descriptor;
    const key = `${digest} ${size} ${mediaType} ${pointer.diffId}`;
    if (this.#seen.has(key)) return [];
    this.#seen.add(key);
    try {
      const type = typeOfContent(mediaType);
      if (type === undefined || size > MAX_MANIFEST_SIZE) {
        await this.#blob(pointer, issues, signal);
        return [];
      }
      const stream = await this.#store.fetch(descriptor, { signal });
      const tooLong = () => new RangeError(`Cannot read more than ${size}`);
      const bytes = await readAll(stream, MAX_MANIFEST_SIZE, tooLong);
      return await this.#document(bytes, descriptor, type, issues);
    } catch (error) {
      if (isNotFound(error)) {
        if (!optional) {
          issues.push({ path, expected: `content ${digest}`, actual: NOTHING });
        }
        return [];
      }
      if (!(error instanceof ContentError || error instanceof LayerError)) {
        throw error;
      }
      const expected = "content that is what its descriptor says";
      issues.push({ path, expected, actual: error.message });
      return [];
    }
  }

  async #blob(
    { descriptor, diffId, path }: Pointer,
    issues: ValidationIssue[],
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#options.fast) {
      if (await this.#store.exists(descriptor, { signal })) return;
      const { digest } = descriptor;
      issues.push({ path, expected: `content ${digest}`, actual: NOTHING });
      return;
    }
    const stream = await this.#store.fetch(descriptor, { signal });
    const algorithm = algorithmOf(diffId);
    if (algorithm === undefined) {
      for await (const _ of stream) signal.throwIfAborted();
      return;
    }
    const hasher = createHasher(algorithm);
    for await (const piece of decompress(stream, "auto", { signal })) {
      signal.throwIfAborted();
      await hasher.update(piece);
    }
    const actual = String(await hasher.digest());
    if (actual === diffId) return;
    const expected = `a layer with the DiffID ${diffId} of its config`;
    issues.push({ path, expected, actual });
  }

  /** Validates a document; gives what it points at. */
  async #document(
    bytes: Uint8Array<ArrayBuffer>,
    { digest, mediaType }: Descriptor,
    type: DocumentType,
    issues: ValidationIssue[],
  ): Promise<readonly Pointer[]> {
    const { level } = this.#options;
    const found = (await validateDocument(bytes, type, level)).issues;
    for (const { path, ...rest } of found) {
      issues.push({ path: `${digest}:${path}`, ...rest });
    }
    if (type === "config" || type === "schema1") return [];
    const value = parseOrNothing(bytes);
    if (!isFields(value)) return [];
    const own = value["mediaType"];
    if (own !== undefined && own !== mediaType) {
      issues.push({
        path: `${digest}:$.mediaType`,
        expected: mediaType,
        actual: JSON.stringify(own),
      });
    }
    return await this.#pointers(digest, value);
  }

  /** The descriptors of a document. */
  async #pointers(
    digest: string,
    value: Readonly<Record<string, unknown>>,
  ): Promise<Pointer[]> {
    const pointers: Pointer[] = [];
    const add = (
      item: unknown,
      path: string,
      optional: boolean,
      diffId?: unknown,
    ) => {
      if (!isDescriptor(item)) return;
      pointers.push({
        path: `${digest}:${path}`,
        descriptor: item,
        optional,
        diffId: typeof diffId === "string" ? diffId : undefined,
      });
    };
    add(value["config"], "$.config", false);
    const diffIds = await this.#diffIds(value["config"]);
    for (const key of ["layers", "manifests"]) {
      const list = value[key];
      if (!Array.isArray(list)) continue;
      list.forEach((item, index) => {
        const path = childPath(childPath("$", key), index);
        const diffId = key === "layers" ? diffIds[index] : undefined;
        add(item, path, isForeignLayer(item), diffId);
      });
    }
    // What a document says something about may be elsewhere (image-spec manifest.md).
    add(value["subject"], "$.subject", true);
    return pointers;
  }

  /** The DiffIDs of the layers, as far as the config of an image tells them. */
  async #diffIds(config: unknown): Promise<readonly unknown[]> {
    if (!isDescriptor(config) || this.#options.fast) return [];
    if (typeOfContent(config.mediaType) !== "config") return [];
    if (config.size > MAX_MANIFEST_SIZE) return [];
    try {
      const { signal } = this.#options;
      const stream = await this.#store.fetch(config, { signal });
      const tooLong = () => new RangeError("Cannot read so large a config");
      const bytes = await readAll(stream, MAX_MANIFEST_SIZE, tooLong);
      const value = parseOrNothing(bytes);
      const rootfs = isFields(value) ? value["rootfs"] : undefined;
      const list = isFields(rootfs) ? rootfs["diff_ids"] : undefined;
      return Array.isArray(list) ? list : [];
    } catch (error) {
      // Reported where the config itself is followed.
      if (isNotFound(error) || error instanceof ContentError) return [];
      throw error;
    }
  }
}

const NOTHING = "nothing";

/** Whether there is enough of a descriptor to look for its content; what is wrong with it is reported by its document. */
function isDescriptor(value: unknown): value is Descriptor {
  return isFields(value) && typeof value["mediaType"] === "string" &&
    Number.isSafeInteger(value["size"]) && Number(value["size"]) >= 0 &&
    typeof value["digest"] === "string" &&
    algorithmOf(value["digest"]) !== undefined;
}

/** The algorithm of a digest; undefined where it is none that can be computed. */
function algorithmOf(digest: string | undefined): string | undefined {
  if (digest === undefined) return undefined;
  try {
    return Digest.parse(digest).algorithm;
  } catch (error) {
    if (error instanceof DigestError) return undefined;
    throw error;
  }
}

function parseOrNothing(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return parseJson(bytes);
  } catch {
    // Reported by the document's validation.
    return undefined;
  }
}
