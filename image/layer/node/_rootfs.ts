import {
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  openSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { preview } from "../../../digest/_preview.ts";
import { LayerError, UnsafeEntryError } from "../errors.ts";
import type { ArchiveEntry } from "../_tar_reader.ts";
import type { FileNameRules } from "../name_rules.ts";
import type { TarEntryHeader } from "../read_tar.ts";
import { parseWhiteout } from "../whiteout.ts";
import { fileTime } from "./_file_attributes.ts";
import { CREATE, type Given, probe } from "./_new_file.ts";
import { join, makeDirectory, type Place, Places } from "./_places.ts";
import { removeTree } from "./_remove.ts";
import {
  BASE,
  type DirectoryNode,
  directoryNode,
  type LinkNode,
  type TreeNode,
} from "./_tree_model.ts";
import { writeEntry } from "./_write_entry.ts";
import type { XattrWriter } from "./_xattrs.ts";

const OWNER_WRITE = 0o200;

/** Options of {@linkcode Rootfs}. */
export interface RootfsOptions {
  /** Where the tree is: a directory that nobody else sees. */
  readonly path: string;
  /** Whose rules names keep to. */
  readonly nameRules: FileNameRules;
  /** Whether owners and set-id bits are taken from the layers. */
  readonly keepOwners: boolean;
  /** What sets extended attributes, where they are not ignored. */
  readonly xattrs?: XattrWriter | undefined;
  /** What is there already. */
  readonly node?: DirectoryNode;
}

/**
 * A root file system that layers are applied to, one after the other.
 *
 * Beside the tree on disk stands a model of its names and links. Paths are looked
 * up in the model, as a process with this root would look them up, so that no link
 * of a layer is ever followed by the system.
 */
export class Rootfs {
  /** The model of the tree. */
  readonly node: DirectoryNode;
  readonly #places: Places;
  readonly #path: string;
  readonly #keepOwners: boolean;
  readonly #xattrs: XattrWriter | undefined;
  readonly #given: Given;
  #layer: number = BASE;

  /** Takes the tree's place. */
  constructor({ path, nameRules, keepOwners, node, xattrs }: RootfsOptions) {
    this.#path = path;
    this.#keepOwners = keepOwners;
    this.#xattrs = xattrs;
    this.#given = probe(path);
    this.node = node ?? directoryNode(BASE);
    this.#places = new Places({ path, node: this.node }, nameRules);
  }

  /** Begins the next layer: what is there now is below it. */
  nextLayer(): void {
    this.#places.nextLayer(++this.#layer);
  }

  /**
   * Applies one entry of the layer; files are waited for where not all of them has come.
   *
   * @returns Whether it was applied; devices and pipes are not.
   */
  apply(
    entry: ArchiveEntry,
    parts: readonly string[],
    linked: readonly string[] | undefined,
  ): boolean | Promise<void> {
    const { header } = entry;
    this.#places.nextEntry();
    const whiteout = parseWhiteout(parts, header.type);
    switch (whiteout.kind) {
      case "metadata":
        return true;
      case "path":
        this.#hidePath(whiteout.parts, header.name);
        return true;
      case "opaque":
        this.#hideAll(whiteout.parts, header.name);
        return true;
    }
    if (parts.length === 0 && header.type !== "directory") {
      throw new UnsafeEntryError(
        header.name,
        "expected the root to be a directory",
      );
    }
    if (this.#keepOwners) checkOwner(header);
    switch (header.type) {
      case "directory":
        this.#addDirectory(parts, header);
        return true;
      case "symlink":
        this.#addSymlink(parts, header);
        return true;
      case "link":
        this.#addHardLink(parts, linked!, header);
        return true;
      case "file":
        return this.#addFile(parts, entry) ?? true;
      default:
        this.#leaveOut(parts, header);
        return false;
    }
  }

  /** A device or a pipe hides what is in its place, although nothing comes there. */
  #leaveOut(parts: readonly string[], { name }: TarEntryHeader): void {
    const { base, place } = this.#places.home(parts, name);
    this.#clear(place, base);
  }

  #addDirectory(parts: readonly string[], header: TarEntryHeader): void {
    const attributes = {
      mode: this.#mode(header),
      mtime: fileTime(header.mtime),
      layered: true,
      ...this.#keepOwners && { owner: [header.uid, header.gid] as const },
    };
    let node: TreeNode | undefined = this.node;
    let path = this.#path;
    if (parts.length > 0) {
      const { base, place } = this.#places.home(parts, header.name);
      node = place.node.children.get(base);
      if (node?.kind !== "directory") {
        if (node !== undefined) this.#clear(place, base);
        node = makeDirectory(place, base);
      }
      path = join(place.path, base);
    }
    node.layer = this.#layer;
    node.attributes = attributes;
    this.#xattrs?.replace(path, header.xattrs, header.name);
  }

  #addFile(
    parts: readonly string[],
    entry: ArchiveEntry,
  ): Promise<void> | undefined {
    const { header } = entry;
    const { base, place } = this.#places.home(parts, header.name);
    this.#clear(place, base);
    const path = join(place.path, base);
    // A large file is opened twice, which takes the owner's right to write.
    const mode = this.#mode(header) & 0o777 | OWNER_WRITE;
    const file = openSync(path, CREATE, mode);
    let writing: Promise<void> | undefined;
    try {
      place.node.children.set(base, { kind: "file", layer: this.#layer });
      writing = writeEntry(entry, file, path);
      if (writing === undefined) this.#finishFile(file, path, header);
    } finally {
      if (writing === undefined) closeSync(file);
    }
    return writing && this.#waitForFile(writing, file, path, header);
  }

  async #waitForFile(
    writing: Promise<void>,
    file: number,
    path: string,
    header: TarEntryHeader,
  ): Promise<void> {
    try {
      await writing;
      this.#finishFile(file, path, header);
    } finally {
      closeSync(file);
    }
  }

  #finishFile(file: number, path: string, header: TarEntryHeader): void {
    const mode = this.#mode(header);
    const { gid, modes, uid } = this.#given;
    const owned = !this.#keepOwners ||
      header.uid === uid && header.gid === gid;
    // A change of the owner takes set-id bits away, so the mode comes second.
    if (!owned) fchownSync(file, header.uid, header.gid);
    const changed = this.#setXattrs(path, header);
    if (
      changed || !owned || ((mode & 0o777 | OWNER_WRITE) & modes) !== mode
    ) fchmodSync(file, mode);
    const time = fileTime(header.mtime);
    if (time !== undefined) futimesSync(file, time, time);
  }

  /**
   * Sets the extended attributes of something that was just made, which has no other
   * name yet, and says whether it has any: a list for access changes the mode.
   */
  #setXattrs(path: string, header: TarEntryHeader): boolean {
    if (this.#xattrs === undefined || header.xattrs.size === 0) return false;
    this.#xattrs.set(path, header.xattrs, header.name);
    return true;
  }

  #addSymlink(parts: readonly string[], header: TarEntryHeader): void {
    const { linkname, name } = header;
    if (linkname === "" || linkname.includes("\0")) {
      throw new UnsafeEntryError(name, "expected a path as the link's target");
    }
    const { base, place } = this.#places.home(parts, name);
    this.#clear(place, base);
    const path = join(place.path, base);
    symlinkSync(linkname, path);
    place.node.children.set(base, this.#link(linkname));
    if (this.#keepOwners) lchownSync(path, header.uid, header.gid);
    this.#setXattrs(path, header);
    const time = fileTime(header.mtime);
    if (time !== undefined) lutimesSync(path, time, time);
  }

  #addHardLink(
    parts: readonly string[],
    target: readonly string[],
    header: TarEntryHeader,
  ): void {
    const { base, place } = this.#places.home(parts, header.name);
    const find = (): [Place | undefined, TreeNode | undefined] => {
      const from = this.#places.parent(target, header.name, false);
      return [from, from?.node.children.get(target.at(-1) ?? "")];
    };
    let [from, node] = find();
    if (from?.node === place.node && target.at(-1) === base && node) return;
    if (node !== undefined) {
      this.#clear(place, base);
      // What was in the way may have held the target.
      [from, node] = find();
    }
    if (node === undefined || node.kind === "directory") {
      throw new UnsafeEntryError(
        header.name,
        `expected a file as the target of its link, found ${
          node === undefined ? "nothing" : "a directory"
        }`,
      );
    }
    linkSync(join(from!.path, target.at(-1)!), join(place.path, base));
    place.node.children.set(
      base,
      node.kind === "link"
        ? this.#link(node.target)
        : { kind: "file", layer: this.#layer },
    );
  }

  #link(target: string): LinkNode {
    this.#places.forget();
    return { kind: "link", layer: this.#layer, target, followed: BASE };
  }

  #hidePath(parts: readonly string[], name: string): void {
    const place = this.#places.parent(parts, name, false);
    if (place !== undefined) this.#hide(place, parts.at(-1)!, name);
  }

  #hideAll(parts: readonly string[], name: string): void {
    const place = this.#places.parent([...parts, ""], name, false);
    if (place !== undefined) this.#hideInside(place, name);
  }

  /** A second time has nothing more to hide: all that came since is of this layer. */
  #hideInside(place: Place, name: string): void {
    if (place.node.hidden === this.#layer) return;
    for (const child of [...place.node.children.keys()]) {
      this.#hide(place, child, name);
    }
    place.node.hidden = this.#layer;
  }

  /** Removes what the layers below have in a place, and nothing of this layer's. */
  #hide(place: Place, base: string, name: string): void {
    const node = place.node.children.get(base);
    if (node === undefined) return;
    if (node.kind !== "directory") {
      if (node.layer === this.#layer) return;
      if (node.kind === "link" && node.followed === this.#layer) {
        throw new LayerError(
          "LAYER_CONFLICT",
          `Cannot unpack entry ${
            preview(name)
          }: it hides a link that an earlier entry of its layer lies behind`,
        );
      }
      return this.#clear(place, base);
    }
    if (node.layer !== this.#layer && node.touched !== this.#layer) {
      return this.#clear(place, base);
    }
    const inside = { path: join(place.path, base), node };
    this.#hideInside(inside, name);
    if (node.layer === this.#layer) return;
    node.attributes = undefined;
    if (node.children.size > 0) return;
    this.#places.forget();
    rmdirSync(inside.path);
    place.node.children.delete(base);
  }

  /** Removes what is in a place, if anything is. */
  #clear({ path, node }: Place, base: string): void {
    const found = node.children.get(base);
    if (found === undefined) return;
    if (found.kind !== "file") this.#places.forget();
    if (found.kind === "directory") removeTree(join(path, base));
    else unlinkSync(join(path, base));
    node.children.delete(base);
  }

  #mode({ mode }: TarEntryHeader): number {
    return mode & (this.#keepOwners ? 0o7777 : 0o777);
  }
}

/** The largest number of an owner: the one above it stands for none. */
const MAX_OWNER = 2 ** 32 - 2;

function checkOwner({ gid, name, uid }: TarEntryHeader): void {
  for (const id of [uid, gid]) {
    if (id >= 0 && id <= MAX_OWNER) continue;
    throw new UnsafeEntryError(
      name,
      `expected an owner and a group from 0 to ${MAX_OWNER}, found ${id}`,
    );
  }
}
