import { lstatSync, mkdirSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../../digest/_error_code.ts";
import { UnsafeEntryError } from "../errors.ts";
import { NameClaims } from "../_name_claims.ts";
import type { FileNameRules } from "../name_rules.ts";
import { Lookups, MAX_LINKS } from "./_lookups.ts";

/**
 * Where the entries of an archive go in a tree that nobody else sees.
 *
 * A name's parents are looked up part by part: a link is followed only while it
 * stays below the boundary, by what is on disk and not by how its text looks, since
 * `a/..` is not where `a` stands when `a` is a link.
 */
export class StagedPaths {
  readonly #root: string;
  readonly #boundary: readonly string[];
  readonly #parents = new Map<string, readonly string[]>();
  readonly #rules: FileNameRules;
  readonly #claims: NameClaims;
  readonly #lookups = new Lookups();

  /** Takes the tree's root, the place below it that entries must not leave, and the rules for names. */
  constructor(root: string, boundary: readonly string[], rules: FileNameRules) {
    this.#root = root;
    this.#boundary = boundary;
    this.#rules = rules;
    this.#claims = new NameClaims(rules);
  }

  /** A place's path on disk. */
  path(parts: readonly string[]): string {
    return join(this.#root, ...parts);
  }

  /** Where an entry goes: its parents as they are on disk, and its own name. */
  place(parts: readonly string[], name: string): readonly string[] {
    this.#lookups.nextEntry();
    const place = [...this.parent(parts, name, true), parts.at(-1)!];
    const other = this.#claims.claim(place);
    if (other === undefined) return place;
    throw new UnsafeEntryError(
      name,
      `expected a name of its own, found ${
        JSON.stringify(other)
      }, which is the same here`,
    );
  }

  /** Where the parent of an entry is; `make` makes it where it misses. */
  parent(
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

  /** Refuses a link whose target leads out of the boundary, seen from its place. */
  checkTarget(place: readonly string[], target: string, name: string): void {
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

  /** Is called when a directory or a link came or went. */
  forget(): void {
    this.#parents.clear();
  }

  /** Whether a place is a directory, and all above it are; `known` keeps what was found. */
  isDirectory(parts: readonly string[], known: Map<string, boolean>): boolean {
    if (parts.length === 0) return true;
    const key = parts.join("/");
    let answer = known.get(key);
    if (answer === undefined) {
      answer = this.isDirectory(parts.slice(0, -1), known) &&
        (this.stat(parts)?.isDirectory() ?? false);
      known.set(key, answer);
    }
    return answer;
  }

  /** What stands in a place. */
  stat(parts: readonly string[]): Stats | undefined {
    try {
      return lstatSync(this.path(parts), { throwIfNoEntry: false });
    } catch (error) {
      // Nothing stands below a file.
      if (errorCode(error) === "ENOTDIR") return undefined;
      throw error;
    }
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
        // At the root, too, where nothing is left to go up from.
        if (place.length <= this.#boundary.length) throw escape(name);
        place.pop();
        continue;
      }
      place.push(part);
      this.#lookups.count();
      const found = this.stat(place);
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

/** Whether a place is another one or below it. */
export function startsWith(
  parts: readonly string[],
  start: readonly string[],
): boolean {
  return start.every((part, index) => parts[index] === part);
}

function escape(name: string): UnsafeEntryError {
  return new UnsafeEntryError(name, "a link leads out of the directory");
}
