import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
} from "node:fs";
import { errorCode } from "../../../digest/_error_code.ts";
import { UnsafeEntryError } from "../errors.ts";
import type { FileNameRules } from "../name_rules.ts";
import type { TarEntryHeader } from "../read_tar.ts";
import { fileTime, PERMISSIONS } from "./_file_attributes.ts";
import { MadeDirectories } from "./_made_directories.ts";
import { CREATE } from "./_new_file.ts";
import { StagedPaths, startsWith } from "./_staged_paths.ts";

/** A symbolic link that was made. */
interface MadeLink {
  /** Its place below the root. */
  readonly place: readonly string[];
  /** The name of its entry. */
  readonly name: string;
}

/** A tree that an archive is unpacked into, and that nobody else sees. */
export class Staging {
  /** The directories that the archive has entries of. */
  readonly directories: MadeDirectories = new MadeDirectories();
  readonly #paths: StagedPaths;
  readonly #boundary: readonly string[];
  readonly #links = new Map<string, MadeLink>();

  /** Takes an empty directory, the place below it that entries must not leave, and the rules for names. */
  constructor(root: string, boundary: readonly string[], rules: FileNameRules) {
    this.#boundary = boundary;
    this.#paths = new StagedPaths(root, boundary, rules);
    mkdirSync(this.#paths.path(boundary), { recursive: true });
  }

  /** Makes a directory. */
  addDirectory(parts: readonly string[], header: TarEntryHeader): void {
    const mode = (header.mode & PERMISSIONS) | 0o700;
    let place = parts;
    if (parts.length > this.#boundary.length) {
      place = this.#paths.place(parts, header.name);
      const found = this.#paths.stat(place);
      if (!found?.isDirectory()) {
        if (found !== undefined) this.#remove(place);
        mkdirSync(this.#paths.path(place), { mode });
      } else chmodSync(this.#paths.path(place), found.mode & mode | 0o700);
    }
    const { mode: stated, mtime } = header;
    this.directories.add({ parts: place, header: { mode: stated, mtime } });
  }

  /** Makes a file and gives what writes it, and where it is. */
  addFile(
    parts: readonly string[],
    header: TarEntryHeader,
  ): { readonly file: number; readonly path: string } {
    const place = this.#paths.place(parts, header.name);
    const path = this.#paths.path(place);
    const mode = header.mode & PERMISSIONS;
    try {
      return { file: openSync(path, CREATE, mode), path };
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      this.#remove(place);
      return { file: openSync(path, CREATE, mode), path };
    }
  }

  /** Makes a symbolic link, whose target must stay below the boundary. */
  addSymlink(parts: readonly string[], header: TarEntryHeader): void {
    const place = this.#paths.place(parts, header.name);
    this.#paths.checkTarget(place, header.linkname, header.name);
    if (this.#paths.stat(place) !== undefined) this.#remove(place);
    symlinkSync(header.linkname, this.#paths.path(place));
    this.#keepLink(place, header.name);
    const time = fileTime(header.mtime);
    if (time !== undefined) lutimesSync(this.#paths.path(place), time, time);
  }

  /** Makes a hard link to an earlier entry, named from the archive's root. */
  addHardLink(
    parts: readonly string[],
    target: readonly string[],
    header: TarEntryHeader,
  ): void {
    const source = [
      ...this.#paths.parent(target, header.name, false),
      // The root has no name; it is a directory.
      ...target.slice(-1),
    ];
    const found = this.#paths.stat(source);
    if (found === undefined || found.isDirectory()) {
      throw noTarget(header.name, found);
    }
    const place = this.#paths.place(parts, header.name);
    if (place.join("/") === source.join("/")) return;
    if (this.#paths.stat(place) !== undefined) this.#remove(place);
    // What was in the way may have held the target.
    if (startsWith(source, place)) throw noTarget(header.name, undefined);
    linkSync(this.#paths.path(source), this.#paths.path(place));
    if (!found.isSymbolicLink()) return;
    // Where its target is relative, it leads elsewhere than the first one.
    this.#checkLink(place, header.name);
    this.#keepLink(place, header.name);
  }

  /** Checks every link once more, since what it leads through may have come after it. */
  checkLinks(): void {
    const directories = new Map<string, boolean>();
    for (const { name, place } of this.#links.values()) {
      // Others went with a directory above them, in whose place another link may be.
      if (!this.#paths.isDirectory(place.slice(0, -1), directories)) continue;
      if (!this.#paths.stat(place)?.isSymbolicLink()) continue;
      this.#checkLink(place, name);
    }
  }

  #checkLink(place: readonly string[], name: string): void {
    const target = readlinkSync(this.#paths.path(place));
    this.#paths.checkTarget(place, target, name);
  }

  /** By its place: several names can lead to one, and one to several, as links come and go. */
  #keepLink(place: readonly string[], name: string): void {
    this.#links.set(place.join("/"), { place, name });
    this.#paths.forget();
  }

  /** Makes room for a later entry of the same name. */
  #remove(parts: readonly string[]): void {
    const isFile = this.#paths.stat(parts)?.isFile() ?? false;
    rmSync(this.#paths.path(parts), { recursive: true });
    // Only directories and links stand on the way to others.
    if (isFile) return;
    this.#paths.forget();
    this.directories.delete(parts);
  }
}

function noTarget(name: string, found: Stats | undefined): UnsafeEntryError {
  return new UnsafeEntryError(
    name,
    `expected an earlier file as the target of its link, found ${
      found === undefined ? "nothing" : "a directory"
    }`,
  );
}
