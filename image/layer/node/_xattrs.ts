import { lstatSync } from "node:fs";
import { preview } from "../../../digest/_preview.ts";
import { LayerError } from "../errors.ts";
import { refusal } from "./_refusal.ts";
import { openXattrs, type XattrCalls, XattrError } from "./_xattr_calls.ts";

/** Extended attributes by their names, in the order of these. */
export type Xattrs = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** The attributes that belong to owners: they give rights, or name users by number. */
const OWNERS = new Set([
  "security.capability",
  "security.ima",
  "system.posix_acl_access",
  "system.posix_acl_default",
]);

/**
 * What union and shared file systems without privileges take for their own: what
 * lower layers have is hidden there, and other owners and modes are played.
 */
const TAKEN = [
  "user.overlay.",
  "user.fuseoverlayfs.",
  "user.containers.",
  "user.rootlesscontainers",
  "user.virtfs.",
  "user.virtiofs.",
];

/**
 * Whether an attribute goes into a layer and out of one. Those of the user's own do,
 * and where owners are kept, those that give rights. What belongs to a machine does
 * not (`security.selinux`, `security.evm`, `com.apple.…`), and above all nothing
 * that a file system takes for its own: `trusted.overlay.opaque` would hide what
 * lower layers have, with no whiteout to be seen.
 */
function isKept(name: string, owners: boolean): boolean {
  return owners && OWNERS.has(name) ||
    name.startsWith("user.") && !TAKEN.some((start) => name.startsWith(start));
}

const NONE: Xattrs = new Map();

/** Readers of a layer, ours too, take records of up to 1 MiB; those of long names are among them. */
const MOST_BYTES = 1_000_000;
/** What a record takes beside a name and a value: its length, the key's start, signs between them. */
const RECORD = "1000000 SCHILY.xattr.=\n".length;

/** Whether a layer can hold all these attributes of one thing. */
export function fitsLayer(xattrs: Xattrs): boolean {
  const encoder = new TextEncoder();
  let size = 0;
  for (const [name, value] of xattrs) {
    size += RECORD + encoder.encode(name).byteLength + value.byteLength;
  }
  return size <= MOST_BYTES;
}

/** Reads the attributes that go into a layer, in their order. */
export class XattrReader {
  readonly #calls: XattrCalls;
  readonly #owners: boolean;

  /**
   * Opens what reads them.
   *
   * @throws {LayerError} The runtime cannot.
   */
  constructor(owners: boolean) {
    this.#calls = openXattrs(true);
    this.#owners = owners;
  }

  /** Ends what reads them. */
  close(): void {
    this.#calls.close();
  }

  /** The attributes of something on disk; a link is not followed. */
  read(path: string): Xattrs {
    try {
      const names = this.#calls.list(path)
        .filter((name) => isKept(name, this.#owners));
      if (names.length === 0) return NONE;
      const found = new Map<string, Uint8Array<ArrayBuffer>>();
      for (const name of names.sort()) {
        // A record ends its key there, and a name that is not UTF-8 has no key.
        if (name.includes("=") || !name.isWellFormed()) {
          throw refusal(
            path,
            `expected an extended attribute's name in UTF-8 and without "=", found ${
              preview(name)
            }`,
          );
        }
        const value = this.#calls.get(path, name);
        if (value === undefined) continue;
        found.set(name, value);
      }
      if (!fitsLayer(found)) {
        throw refusal(path, "expected less than 1 MB of extended attributes");
      }
      return found;
    } catch (error) {
      if (!(error instanceof XattrError)) throw error;
      throw refusal(
        path,
        `its extended attributes cannot be read, ${error.message}`,
      );
    }
  }
}

/** Whether two things have the same attributes. */
export function sameXattrs(a: Xattrs, b: Xattrs): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) {
    const other = b.get(name);
    if (
      other?.byteLength !== value.byteLength ||
      !value.every((byte, index) => byte === other[index])
    ) return false;
  }
  return true;
}

/** How many names are remembered of attributes that could not be set. */
const MOST_UNSET = 100;

/** Sets the attributes that a layer has. */
export class XattrWriter {
  readonly #must: boolean;
  readonly #owners: boolean;
  #calls: XattrCalls | undefined;
  #used: boolean;
  #unset = new Set<string>();

  /**
   * Opens what sets them, at once where they must be set.
   *
   * @param fresh Whether nothing is there that may have some.
   *
   * @throws {LayerError} They must be set, and the runtime cannot.
   */
  constructor(must: boolean, owners: boolean, fresh: boolean) {
    this.#must = must;
    this.#owners = owners;
    this.#calls = must ? openXattrs(true) : undefined;
    this.#used = !fresh;
  }

  /** Ends what sets them. */
  close(): void {
    this.#calls?.close();
    this.#calls = undefined;
  }

  /** The names of those that could not be set since the last call, a hundred at most. */
  takeUnset(): readonly string[] {
    const unset = [...this.#unset].sort();
    this.#unset = new Set();
    return unset;
  }

  /** Sets the attributes of an entry on something that has none yet, or fewer. */
  set(path: string, xattrs: Xattrs, entry: string): void {
    for (const [name, value] of xattrs) {
      if (!isKept(name, this.#owners) || !name.isWellFormed()) continue;
      this.#used = true;
      const calls = this.#calls ??= openXattrs(false);
      if (calls === undefined) this.#leave(name);
      else this.#call(entry, name, () => calls.set(path, name, value));
    }
  }

  /** Sets the attributes of an entry, and removes others that a layer may have. */
  replace(path: string, xattrs: Xattrs, entry: string): void {
    this.#clear(path, (name) => xattrs.has(name), entry);
    this.set(path, xattrs, entry);
  }

  /** Gives a directory the attributes of another and no others, if the other is there. */
  adopt(from: string, to: string): void {
    if (!this.#used) return;
    if (lstatSync(from, { throwIfNoEntry: false }) === undefined) return;
    const calls = this.#calls ??= openXattrs(false);
    if (calls === undefined) return;
    const names = new Set(listed(calls, from));
    this.#clear(to, (name) => names.has(name), to);
    this.copy(from, to);
  }

  /** Gives a copy the attributes of what it was made of, as far as it can have them. */
  copy(from: string, to: string): void {
    const calls = this.#calls ??= openXattrs(false);
    if (calls === undefined) return;
    for (const name of listed(calls, from)) {
      if (!isKept(name, this.#owners)) continue;
      this.#call(to, name, () => {
        const value = calls.get(from, name);
        if (value !== undefined) calls.set(to, name, value);
      });
    }
  }

  #clear(path: string, stays: (name: string) => boolean, entry: string): void {
    if (!this.#used) return;
    const calls = this.#calls ??= openXattrs(false);
    if (calls === undefined) return;
    for (const name of listed(calls, path)) {
      if (stays(name) || !isKept(name, this.#owners)) continue;
      this.#call(entry, name, () => calls.remove(path, name));
    }
  }

  #call(entry: string, name: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof XattrError)) throw error;
      if (!this.#must) return this.#leave(name);
      throw new LayerError(
        "LAYER_UNSUPPORTED",
        `Cannot unpack entry ${preview(entry)}: its extended attribute ${
          preview(name)
        } cannot be set, ${error.message}`,
        { cause: error },
      );
    }
  }

  #leave(name: string): void {
    if (this.#unset.size < MOST_UNSET) this.#unset.add(name);
  }
}

/** What something has; nothing where that cannot be read. */
function listed(calls: XattrCalls, path: string): readonly string[] {
  try {
    return calls.list(path);
  } catch (error) {
    if (error instanceof XattrError) return [];
    throw error;
  }
}
