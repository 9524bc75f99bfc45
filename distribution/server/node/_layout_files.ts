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
const MARKER = { imageLayoutVersion: "1.0.0" };

interface CachedIndex {
  readonly identity: string;
  readonly index: LayoutIndex;
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
  readonly #cache = new BoundedCache<CachedIndex>(MAX_CACHED);

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
      LayoutIndex.empty(this.#isName),
    );
    await this.#createOnce(this.#paths.marker(repository), MARKER);
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
    const index = await readSettled(path, state, this.#isName);
    if (Date.now() - state.changed > SETTLED) {
      this.#cache.set(path, { identity: state.identity, index });
    }
    return index;
  }

  /**
   * Replaces the index by a changed one. No other change comes in between: neither
   * from this process nor from another one.
   */
  async updateIndex(
    repository: string,
    change: (index: LayoutIndex) => LayoutIndex,
  ): Promise<void> {
    const path = this.#paths.index(repository);
    await this.#mutex.run(
      path,
      () =>
        withFileLock(
          `${dirname(path)}/.index.json.lock`,
          async (assertHeld) => {
            // The cache is for readers: a writer must not build on what is old.
            const state = await fileState(path);
            const before = state === undefined
              ? LayoutIndex.empty(this.#isName)
              : await readSettled(path, state, this.#isName);
            const after = change(before);
            if (after === before && state !== undefined) return;
            // Where those that a killed process left are cleaned away.
            const temporary = this.#paths.temporary();
            await mkdir(dirname(temporary), { recursive: true });
            await writeDurably(temporary, encodeJson(after.toJSON()));
            try {
              await assertHeld();
              await moveInto(temporary, path);
            } catch (error) {
              await remove(temporary);
              throw error;
            }
          },
          { patience: PATIENCE, busy },
        ),
    );
  }

  /** Writes a file whole, unless it is there already. */
  async #createOnce(path: string, value: object): Promise<void> {
    const temporary = this.#paths.temporary();
    await mkdir(dirname(temporary), { recursive: true });
    await writeDurably(temporary, encodeJson(value));
    try {
      await link(temporary, path);
    } catch (error) {
      if (hasCode(error, "EEXIST")) return;
      // No hard links here: a file that another process wrote meanwhile is the same.
      await writeDurably(path, encodeJson(value)).catch((error) => {
        if (!hasCode(error, "EEXIST")) throw error;
      });
    } finally {
      await remove(temporary);
    }
  }
}

/**
 * Reads an index. Other tools write theirs in place, so that one can be met half
 * written: what cannot be read is looked at again before it counts as damaged.
 */
async function readSettled(
  path: string,
  state: FileState,
  isName: NameRule,
): Promise<LayoutIndex> {
  if (!state.isFile) throw damaged("index.json is not a regular file");
  if (state.size > MAX_INDEX_SIZE) throw damaged("index.json is too large");
  for (let attempt = 1;; attempt++) {
    try {
      const bytes = await readFile(path);
      const options = { maxSize: MAX_INDEX_SIZE };
      const index = LayoutIndex.from(parseJson(bytes, options), isName);
      if (index !== undefined) return index;
      throw damaged("index.json is not an image index");
    } catch (error) {
      if (isMissing(error)) return LayoutIndex.empty(isName);
      if (attempt >= 4) {
        throw damaged("index.json is not an image index", error);
      }
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
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
