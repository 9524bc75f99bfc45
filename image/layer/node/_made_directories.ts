import type { TarEntryHeader } from "../read_tar.ts";

/** A directory that was made, and what is set on it once nothing more is written there. */
export interface MadeDirectory {
  /** Its place below the root. */
  readonly parts: readonly string[];
  /** What the archive says of it; no more than that, since all are kept to the end. */
  readonly header: Pick<TarEntryHeader, "mode" | "mtime">;
}

/** What the archive says of a directory, and those in it. */
interface KnownDirectory {
  made?: MadeDirectory;
  readonly children: Map<string, KnownDirectory>;
}

/** The directories that an archive has entries of, as long as nothing replaces them. */
export class MadeDirectories implements Iterable<MadeDirectory> {
  readonly #root: KnownDirectory = { children: new Map() };

  /** Keeps what the last entry of a directory says. */
  add(made: MadeDirectory): void {
    let known = this.#root;
    for (const part of made.parts) {
      let child = known.children.get(part);
      if (child === undefined) {
        child = { children: new Map() };
        known.children.set(part, child);
      }
      known = child;
    }
    known.made = made;
  }

  /** Forgets a directory with all below it. */
  delete(parts: readonly string[]): void {
    let above: KnownDirectory | undefined = this.#root;
    for (const part of parts.slice(0, -1)) above = above?.children.get(part);
    above?.children.delete(parts.at(-1)!);
  }

  /** All of them, in no order. */
  *[Symbol.iterator](): Generator<MadeDirectory, void, undefined> {
    const queue = [this.#root];
    for (let known = queue.pop(); known !== undefined; known = queue.pop()) {
      if (known.made !== undefined) yield known.made;
      for (const child of known.children.values()) queue.push(child);
    }
  }
}
