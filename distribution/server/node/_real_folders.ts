import { lstat } from "node:fs/promises";
import { listAlgorithms } from "../../../digest/algorithm.ts";
import { BoundedCache } from "../../_bounded_cache.ts";
import { damaged } from "./_damaged.ts";
import { isMissing } from "./_files.ts";
import type { Paths } from "./_paths.ts";

/** So long a folder that was looked at counts as what it was, in milliseconds. */
const TRUST = 1000;
const MAX_TRUSTED = 10_000;

/**
 * Makes sure that the folders of a repository are folders: through a symbolic link
 * in their place, content would be read and written outside of the root.
 */
export class RealFolders {
  readonly #paths: Paths;
  readonly #looked = new BoundedCache<number>(MAX_TRUSTED);

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  /**
   * Looks at the folders of a repository, as far as they are there.
   *
   * @throws {RequestError} 500: one of them is a symbolic link.
   */
  async assertReal(repository: string): Promise<void> {
    const now = performance.now();
    if ((this.#looked.get(repository) ?? -TRUST) + TRUST > now) return;
    await Promise.all(this.#folders(repository).map(assertNoLink));
    this.#looked.set(repository, now);
  }

  /** From those above the repository's to those of its blobs. */
  #folders(repository: string): readonly string[] {
    const components = repository.split("/");
    const above = components.map((_, index) =>
      this.#paths.repository(components.slice(0, index + 1).join("/"))
    );
    const blobs = `${above.at(-1)}/blobs`;
    return [
      ...above,
      blobs,
      ...listAlgorithms().map((name) => `${blobs}/${name}`),
    ];
  }
}

async function assertNoLink(folder: string): Promise<void> {
  try {
    if (!(await lstat(folder)).isSymbolicLink()) return;
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw damaged("one of its folders is a symbolic link");
}
