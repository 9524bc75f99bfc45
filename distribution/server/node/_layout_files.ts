import { Buffer } from "node:buffer";
import { link, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { encodeJson } from "../../../image/encode_json.ts";
import { parseJson } from "../../../image/parse_json.ts";
import { KeyedMutex } from "../../_keyed_mutex.ts";
import { BoundedCache } from "../../_bounded_cache.ts";
import { damaged } from "./_damaged.ts";
import { withFileLock } from "../../node/_file_lock.ts";
import { RequestError } from "../request_error.ts";
import {
  type FileState,
  fileState,
  hasCode,
  isMissing,
  moveInto,
  remove,
  syncFolder,
  writeDurably,
} from "./_files.ts";
import { isTag } from "../../reference.ts";
import { LayoutIndex, type NameRule } from "./_layout_index.ts";
import type { Paths } from "./_paths.ts";

/** An index larger than this is no work of people. */
const MAX_INDEX_SIZE = 64 * 1024 * 1024;
/** A file this young may change again without its time telling. */
const SETTLED = 50;
const MAX_CACHED = 1000;
/** How long to wait for other processes, in milliseconds: longer than until a lock is stale. */
const PATIENCE = 60_000;
/** How many bytes of indexes that were written are kept, of all layouts together. */
const MAX_WRITTEN_BYTES = 32 * 1024 * 1024;
const MARKER = { imageLayoutVersion: "1.0.0" };

interface CachedIndex {
  readonly identity: string;
  readonly index: LayoutIndex;
}

/** An index that was written here, with its bytes: a file of the same needs no reading. */
interface WrittenIndex {
  readonly bytes: Uint8Array;
  readonly index: LayoutIndex;
}

/** Makes another index of one. */
type IndexChange = (index: LayoutIndex) => LayoutIndex;

/** A change that is not yet written. */
interface WaitingChange {
  readonly change: IndexChange;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Where the frame of a layout is. */
export type FramePaths = Pick<
  Paths,
  "index" | "marker" | "repository" | "temporary"
>;

/** The frames of the layouts below a root: the marker, and `index.json`. */
export class LayoutFiles {
  readonly #paths: FramePaths;
  readonly #isName: NameRule;
  readonly #mutex = new KeyedMutex();
  readonly #waiting = new Map<string, WaitingChange[]>();
  readonly #cache = new BoundedCache<CachedIndex>(MAX_CACHED);
  readonly #written = new BoundedCache<WrittenIndex>(MAX_WRITTEN_BYTES);

  /** `isName` says which names of entries count as tags. */
  constructor(paths: FramePaths, isName: NameRule = isTag) {
    this.#paths = paths;
    this.#isName = isName;
  }

  /** Whether a repository's folder is a layout. */
  async exists(repository: string): Promise<boolean> {
    const marker = await fileState(this.#paths.marker(repository));
    return marker?.isFile ?? false;
  }

  /**
   * Makes a repository where there is none. The marker comes last, so that a
   * layout without it is one that is not finished.
   */
  async ensure(repository: string): Promise<void> {
    if (await this.exists(repository)) return;
    const folder = this.#paths.repository(repository);
    await mkdir(`${folder}/blobs/sha256`, { recursive: true });
    await this.#createOnce(
      this.#paths.index(repository),
      LayoutIndex.empty(this.#isName).encode(),
    );
    await this.#createOnce(this.#paths.marker(repository), encodeJson(MARKER));
    await syncFolder(folder);
  }

  /**
   * Reads the index of a repository, and gives undefined where there is no such
   * repository. A layout that is just being made may have no index yet.
   */
  async readIndex(repository: string): Promise<LayoutIndex | undefined> {
    const path = this.#paths.index(repository);
    const state = await fileState(path);
    const cached = this.#cache.get(path);
    if (cached !== undefined && cached.identity === state?.identity) {
      return cached.index;
    }
    if (!(await this.exists(repository))) return undefined;
    if (state === undefined) return LayoutIndex.empty(this.#isName);
    const index = await this.#read(path, state);
    if (Date.now() - state.changed > SETTLED) {
      this.#cache.set(path, { identity: state.identity, index });
    }
    return index;
  }

  /**
   * Replaces the index by a changed one. No other change comes in between: neither
   * from this process nor from another one.
   *
   * An index is written whole, which takes the longer the more stands in it. So all
   * changes that are asked for while one is being written go into the next together,
   * and each is done when that is on the disk.
   */
  updateIndex(repository: string, change: IndexChange): Promise<void> {
    const path = this.#paths.index(repository);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(path);
      if (waiting !== undefined) {
        waiting.push({ change, resolve, reject });
        return;
      }
      this.#waiting.set(path, [{ change, resolve, reject }]);
      this.#mutex.run(path, () => this.#writeWaiting(path));
    });
  }

  /** Makes the changes that wait, and tells of each how it went. Never fails itself. */
  async #writeWaiting(path: string): Promise<void> {
    let changes: readonly WaitingChange[] = [];
    const failed = new Map<WaitingChange, unknown>();
    try {
      await withFileLock(
        `${dirname(path)}/.index.json.lock`,
        async (assertHeld) => {
          changes = this.#takeWaiting(path);
          await this.#replaceIndex(path, assertHeld, (index) => {
            for (const waiting of changes) {
              try {
                index = waiting.change(index);
              } catch (error) {
                failed.set(waiting, error);
              }
            }
            return index;
          });
        },
        { patience: PATIENCE, busy },
      );
    } catch (error) {
      if (changes.length === 0) changes = this.#takeWaiting(path);
      for (const waiting of changes) {
        if (!failed.has(waiting)) failed.set(waiting, error);
      }
    }
    for (const waiting of changes) {
      if (failed.has(waiting)) waiting.reject(failed.get(waiting));
      else waiting.resolve();
    }
  }

  #takeWaiting(path: string): readonly WaitingChange[] {
    const changes = this.#waiting.get(path) ?? [];
    this.#waiting.delete(path);
    return changes;
  }

  async #replaceIndex(
    path: string,
    assertHeld: () => Promise<void>,
    change: IndexChange,
  ): Promise<void> {
    const state = await fileState(path);
    const before = state === undefined
      ? LayoutIndex.empty(this.#isName)
      : await this.#read(path, state);
    const after = change(before);
    if (after === before && state !== undefined) return;
    // Where those that a killed process left are cleaned away.
    const temporary = this.#paths.temporary();
    await mkdir(dirname(temporary), { recursive: true });
    const bytes = after.encode();
    await writeDurably(temporary, bytes);
    try {
      await assertHeld();
      await moveInto(temporary, path);
      this.#written.set(path, { bytes, index: after }, bytes.byteLength);
    } catch (error) {
      await remove(temporary);
      throw error;
    }
  }

  /**
   * Reads an index. Other tools write theirs in place, so that one can be met half
   * written: what cannot be read is looked at again before it counts as damaged.
   */
  async #read(path: string, state: FileState): Promise<LayoutIndex> {
    if (!state.isFile) throw damaged("index.json is not a regular file");
    if (state.size > MAX_INDEX_SIZE) throw damaged("index.json is too large");
    for (let attempt = 1;; attempt++) {
      try {
        const bytes = await readFile(path);
        const written = this.#written.get(path);
        // To compare takes a tenth of the time of reading JSON.
        if (written && Buffer.compare(written.bytes, bytes) === 0) {
          return written.index;
        }
        const value = parseJson(bytes, { maxSize: MAX_INDEX_SIZE });
        const index = LayoutIndex.from(value, this.#isName);
        if (index !== undefined) return index;
        throw damaged("index.json is not an image index");
      } catch (error) {
        if (isMissing(error)) return LayoutIndex.empty(this.#isName);
        if (attempt >= 4) {
          throw damaged("index.json is not an image index", error);
        }
        await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
      }
    }
  }

  /** Writes a file whole, unless it is there already. */
  async #createOnce(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const temporary = this.#paths.temporary();
    await mkdir(dirname(temporary), { recursive: true });
    await writeDurably(temporary, bytes);
    try {
      await link(temporary, path);
    } catch (error) {
      if (hasCode(error, "EEXIST")) return;
      // No hard links here: a file that another process wrote meanwhile is the same.
      await writeDurably(path, bytes).catch((error) => {
        if (!hasCode(error, "EEXIST")) throw error;
      });
    } finally {
      await remove(temporary);
    }
  }
}

function busy(): RequestError {
  return new RequestError(
    503,
    "UNAVAILABLE",
    "The repository is busy, try again",
    { headers: { "retry-after": "1" } },
  );
}
