import { mkdirSync } from "node:fs";
import { UnsafeEntryError } from "../errors.ts";
import type { FileNameRules } from "../name_rules.ts";
import { Lookups, MAX_LINKS } from "./_lookups.ts";
import { SiblingNames } from "./_sibling_names.ts";
import { BASE, type DirectoryNode, directoryNode } from "./_tree_model.ts";

/** A directory on disk and in the model. */
export interface Place {
  readonly path: string;
  readonly node: DirectoryNode;
}

/** Looks places up in the model of a tree. */
export class Places {
  readonly #root: Place;
  readonly #names: SiblingNames;
  readonly #lookups = new Lookups();
  #layer: number = BASE;
  #last: { readonly key: string; readonly place: Place } | undefined;

  /** Takes the tree's root, and the rules for names. */
  constructor(root: Place, rules: FileNameRules) {
    this.#root = root;
    this.#names = new SiblingNames(rules);
  }

  /** Marks what is looked up from now on with a layer's number. */
  nextLayer(layer: number): void {
    this.#layer = layer;
    this.forget();
  }

  /** Grants what an entry may cost. */
  nextEntry(): void {
    this.#lookups.nextEntry();
  }

  /** Is called when a directory or a link came or went. */
  forget(): void {
    this.#last = undefined;
  }

  /** Looks up the directory that an entry is to stand in, and takes its name there. */
  home(
    parts: readonly string[],
    name: string,
  ): { readonly place: Place; readonly base: string } {
    const place = this.parent(parts, name, true)!;
    const base = parts.at(-1)!;
    this.#names.claim(place.node, base, name);
    return { place, base };
  }

  /**
   * Looks up the directory that an entry stands in. Links lead where they lead for
   * a process with this root, except that `..` may not go above it. `make` makes
   * directories that miss; without it they give undefined.
   */
  parent(
    parts: readonly string[],
    name: string,
    make: boolean,
  ): Place | undefined {
    const key = parts.slice(0, -1).join("/");
    if (this.#last?.key === key) return this.#last.place;
    const place = this.#lookUp(parts.slice(0, -1), name, make);
    // A place that was only looked at is not marked as touched.
    if (place !== undefined && make) this.#last = { key, place };
    return place;
  }

  #lookUp(
    parts: readonly string[],
    name: string,
    make: boolean,
  ): Place | undefined {
    const trail: Place[] = [this.#root];
    const queue = parts.toReversed();
    let links = 0;
    while (queue.length > 0) {
      const part = queue.pop()!;
      this.#lookups.count();
      const at = trail.at(-1)!;
      if (part === "..") {
        if (trail.length === 1) {
          throw new UnsafeEntryError(name, "a link leads out of the directory");
        }
        trail.pop();
        continue;
      }
      let node = at.node.children.get(part);
      if (node?.kind === "link") {
        if (++links > MAX_LINKS) {
          if (!make) return undefined;
          throw new UnsafeEntryError(name, "expected no circle of links");
        }
        if (make) {
          node.followed = this.#layer;
          touch(trail, this.#layer);
        }
        if (node.target.startsWith("/")) trail.length = 1;
        queue.push(...splitPath(node.target).reverse());
        continue;
      }
      if (node?.kind !== "directory") {
        if (!make) return undefined;
        if (node !== undefined || links > 0) {
          throw new UnsafeEntryError(
            name,
            `expected its parent to be a directory, found ${
              node !== undefined ? "a file" : "a link to nothing"
            }`,
          );
        }
        this.#names.claim(at.node, part, name);
        node = makeDirectory(at, part);
      }
      trail.push({ path: join(at.path, part), node });
    }
    if (make) touch(trail, this.#layer);
    return trail.at(-1)!;
  }
}

/** Makes an empty directory on disk and in the model. */
export function makeDirectory(
  { path, node }: Place,
  base: string,
): DirectoryNode {
  mkdirSync(join(path, base), 0o700);
  const made = directoryNode(BASE);
  node.children.set(base, made);
  return made;
}

function touch(trail: readonly Place[], layer: number): void {
  for (const { node } of trail) node.touched = layer;
}

function splitPath(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** A path; parts of names were checked, so that joining them needs no care. */
export function join(path: string, part: string): string {
  return `${path}/${part}`;
}
