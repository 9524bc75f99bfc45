import {
  chmodSync,
  closeSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { LayerLimitError, UnsafeEntryError } from "../errors.ts";
import { NameClaims } from "../_name_claims.ts";
import type { FileNameRules } from "../name_rules.ts";
import type { TarEntryHeader } from "../read_tar.ts";
import { CREATE } from "./_new_file.ts";

/** How many links are followed on the way to one place: more than any system follows. */
const MAX_LINKS = 255;
/**
 * How many parts of paths are looked up, to begin with and for each entry. Links with
 * long targets that lead through one another multiply: 240 of them in 10 KiB of gzip
 * would otherwise keep the disk busy for hours. Real trees take a tenth of this.
 */
const FREE_LOOKUPS = 100_000;
const LOOKUPS_PER_ENTRY = 200;
/** What is left of a mode: an archive grants nobody another's rights. */
const PERMISSIONS = 0o777;

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

/**
 * A tree that an archive is unpacked into, and that nobody else sees.
 *
 * A name's parents are looked up part by part: a link is followed only while it
 * stays below the boundary, by what is on disk and not by how its text looks, since
 * `a/..` is not where `a` stands when `a` is a link.
 */
export class Staging {
  readonly #root: string;
  readonly #boundary: readonly string[];
  readonly #parents = new Map<string, readonly string[]>();
  readonly #links = new Map<string, readonly string[]>();
  readonly #directories: KnownDirectory = { children: new Map() };
  readonly #rules: FileNameRules;
  readonly #claims: NameClaims;
  #lookups = FREE_LOOKUPS;

  /** Takes an empty directory, the place below it that entries must not leave, and the rules for names. */
  constructor(root: string, boundary: readonly string[], rules: FileNameRules) {
    this.#root = root;
    this.#boundary = boundary;
    this.#rules = rules;
    this.#claims = new NameClaims(rules);
    mkdirSync(this.path(boundary), { recursive: true });
  }

  /** A place's path on disk. */
  path(parts: readonly string[]): string {
    return join(this.#root, ...parts);
  }

  /** The directories that the archive has entries of. */
  *directories(): Generator<MadeDirectory, void, undefined> {
    const queue = [this.#directories];
    for (let known = queue.pop(); known !== undefined; known = queue.pop()) {
      if (known.made !== undefined) yield known.made;
      for (const child of known.children.values()) queue.push(child);
    }
  }

  /** Makes a directory. */
  addDirectory(parts: readonly string[], header: TarEntryHeader): void {
    const mode = (header.mode & PERMISSIONS) | 0o700;
    let place = parts;
    if (parts.length > this.#boundary.length) {
      place = this.#place(parts, header.name);
      const found = this.#stat(place);
      if (!found?.isDirectory()) {
        if (found !== undefined) this.#remove(place);
        mkdirSync(this.path(place), { mode });
      } else chmodSync(this.path(place), found.mode & mode | 0o700);
    }
    const { mode: stated, mtime } = header;
    this.#remember({ parts: place, header: { mode: stated, mtime } });
  }

  /** Makes a file and gives what writes it, and where it is. */
  addFile(
    parts: readonly string[],
    header: TarEntryHeader,
  ): { readonly file: number; readonly path: string } {
    const place = this.#place(parts, header.name);
    const path = this.path(place);
    const mode = header.mode & PERMISSIONS;
    try {
      return { file: openSync(path, CREATE, mode), path };
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      this.#remove(place);
      return { file: openSync(path, CREATE, mode), path };
    }
  }

  /** Makes a symbolic link, whose target must stay below the boundary. */
  addSymlink(parts: readonly string[], header: TarEntryHeader): void {
    const place = this.#place(parts, header.name);
    this.#checkTarget(place, header.linkname, header.name);
    if (this.#stat(place) !== undefined) this.#remove(place);
    symlinkSync(header.linkname, this.path(place));
    this.#links.set(header.name, place);
    this.#parents.clear();
    const time = timeOf(header.mtime);
    if (time !== undefined) lutimesSync(this.path(place), time, time);
  }

  /** Makes a hard link to an earlier entry, named from the archive's root. */
  addHardLink(
    parts: readonly string[],
    target: readonly string[],
    header: TarEntryHeader,
  ): void {
    const source = [
      ...this.#parent(target, header.name, false),
      target.at(-1)!,
    ];
    const found = this.#stat(source);
    if (found === undefined || found.isDirectory()) {
      throw new UnsafeEntryError(
        header.name,
        `expected an earlier file as the target of its link, found ${
          found === undefined ? "nothing" : "a directory"
        }`,
      );
    }
    const place = this.#place(parts, header.name);
    if (place.join("/") === source.join("/")) return;
    if (this.#stat(place) !== undefined) this.#remove(place);
    linkSync(this.path(source), this.path(place));
    if (found.isSymbolicLink()) this.#checkMovedLink(place, header.name);
  }

  /** Checks every link once more, since what it leads through may have come after it. */
  checkLinks(): void {
    for (const [name, place] of this.#links) {
      if (!this.#stat(place)?.isSymbolicLink()) continue;
      this.#checkTarget(place, readlinkSync(this.path(place)), name);
    }
  }

  /** A hard link to a symbolic link leads elsewhere than the first one, where its target is relative. */
  #checkMovedLink(place: readonly string[], name: string): void {
    this.#checkTarget(place, readlinkSync(this.path(place)), name);
    this.#links.set(name, place);
    this.#parents.clear();
  }

  #checkTarget(place: readonly string[], target: string, name: string): void {
    if (target === "" || target.includes("\0")) {
      throw new UnsafeEntryError(name, "expected a path as the link's target");
    }
    if (!target.isWellFormed()) {
      throw new UnsafeEntryError(name, "expected its link's target in UTF-8");
    }
    this.#follow(
      place.slice(0, -1),
      splitTarget(target, name, this.#rules),
      name,
    );
  }

  /** Where an entry goes: its parents as they are on disk, and its own name. */
  #place(parts: readonly string[], name: string): readonly string[] {
    this.#lookups += LOOKUPS_PER_ENTRY;
    const place = [...this.#parent(parts, name, true), parts.at(-1)!];
    const other = this.#claims.claim(place);
    if (other === undefined) return place;
    throw new UnsafeEntryError(
      name,
      `expected a name of its own, found ${
        JSON.stringify(other)
      }, which is the same here`,
    );
  }

  #parent(
    parts: readonly string[],
    name: string,
    make: boolean,
  ): readonly string[] {
    const key = parts.slice(0, -1).join("/");
    const known = this.#parents.get(key);
    if (known !== undefined) return known;
    const place = this.#follow([], parts.slice(0, -1), name, make);
    if (make) this.#parents.set(key, place);
    return place;
  }

  /**
   * Walks from a place along parts, and refuses to leave the boundary. `make` wants
   * directories all along and makes those that miss; otherwise a part that is not
   * there is taken for a directory that may come.
   */
  #follow(
    from: readonly string[],
    parts: readonly string[],
    name: string,
    make = false,
  ): readonly string[] {
    const place = [...from];
    const queue = [...parts];
    let links = 0;
    while (queue.length > 0) {
      const part = queue.shift()!;
      if (part === "..") {
        place.pop();
        if (place.length < this.#boundary.length) throw escape(name);
        continue;
      }
      place.push(part);
      if (--this.#lookups < 0) {
        throw new LayerLimitError("links and paths that are not so long");
      }
      const found = this.#stat(place);
      if (found === undefined) {
        if (make && links > 0) {
          throw new UnsafeEntryError(
            name,
            "expected its parent to exist, found a link to nothing",
          );
        }
        if (make) mkdirSync(this.path(place));
      } else if (found.isSymbolicLink()) {
        if (++links > MAX_LINKS) {
          // A circle leads nowhere; it harms only what would go below it.
          if (!make) return place.slice(0, -1);
          throw new UnsafeEntryError(name, "expected no circle of links");
        }
        const target = readlinkSync(this.path(place));
        place.pop();
        queue.unshift(...splitTarget(target, name, this.#rules));
      } else if (make && !found.isDirectory()) {
        throw new UnsafeEntryError(
          name,
          "expected its parent to be a directory",
        );
      }
    }
    if (!startsWith(place, this.#boundary) && from.length > 0) {
      throw escape(name);
    }
    return place;
  }

  #stat(parts: readonly string[]): Stats | undefined {
    return lstatSync(this.path(parts), { throwIfNoEntry: false });
  }

  /** Makes room for a later entry of the same name. */
  #remove(parts: readonly string[]): void {
    const isFile = this.#stat(parts)?.isFile() ?? false;
    rmSync(this.path(parts), { recursive: true });
    // Only directories and links stand on the way to others.
    if (isFile) return;
    this.#parents.clear();
    let above: KnownDirectory | undefined = this.#directories;
    for (const part of parts.slice(0, -1)) above = above?.children.get(part);
    above?.children.delete(parts.at(-1)!);
  }

  #remember(made: MadeDirectory): void {
    let known = this.#directories;
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
}

/** Ends a file: sets its time and closes it. */
export function finishFile(file: number, header: TarEntryHeader): void {
  try {
    const time = timeOf(header.mtime);
    if (time !== undefined) futimesSync(file, time, time);
  } finally {
    closeSync(file);
  }
}

/** Writes all of a piece. */
export function writeAll(file: number, piece: Uint8Array): void {
  let rest = piece;
  while (rest.byteLength > 0) rest = rest.subarray(writeSync(file, rest));
}

/** Gives a directory that is in its final place the mode and the time of its entry. */
export function finishDirectory(
  path: string,
  header: MadeDirectory["header"],
): void {
  const found = lstatSync(path);
  // The owner's bits were added so that it could be written to; the umask has had its say.
  chmodSync(path, found.mode & header.mode & PERMISSIONS);
  const time = timeOf(header.mtime);
  if (time !== undefined) utimesSync(path, time, time);
}

/** A time that file systems can hold, or undefined. */
function timeOf(date: Date): Date | undefined {
  return Math.abs(date.getTime()) <= 2 ** 33 * 1000 ? date : undefined;
}

function splitTarget(
  target: string,
  name: string,
  rules: FileNameRules,
): string[] {
  if (rules === "windows" && /[\\:]/.test(target)) {
    throw new UnsafeEntryError(
      name,
      "expected no backslash or colon in the target of its link",
    );
  }
  if (target.startsWith("/") || /^[A-Za-z]:[\\/]/.test(target)) {
    throw new UnsafeEntryError(
      name,
      "expected a relative target of its link, found an absolute one",
    );
  }
  return target.split("/").filter((part) => part !== "" && part !== ".");
}

function startsWith(
  parts: readonly string[],
  start: readonly string[],
): boolean {
  return start.every((part, index) => parts[index] === part);
}

function escape(name: string): UnsafeEntryError {
  return new UnsafeEntryError(name, "a link leads out of the directory");
}

/** Whether an error of the file system is of this kind. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
