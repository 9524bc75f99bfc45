import { UnsafeEntryError } from "../errors.ts";
import { type FileNameRules, nameKey } from "../name_rules.ts";
import type { DirectoryNode } from "./_tree_model.ts";

/** The names in the directories of a tree, where several can be one file. */
export class SiblingNames {
  readonly #rules: FileNameRules;
  readonly #names = new WeakMap<DirectoryNode, Map<string, string>>();

  /** Takes the rules of a platform. */
  constructor(rules: FileNameRules) {
    this.#rules = rules;
  }

  /**
   * Takes a name in a directory, for an entry.
   *
   * @throws {UnsafeEntryError} Something with another name is there that is the same file.
   */
  claim(node: DirectoryNode, base: string, entry: string): void {
    if (this.#rules === "posix") return;
    let names = this.#names.get(node);
    if (names === undefined) {
      names = new Map();
      for (const name of node.children.keys()) names.set(this.#key(name), name);
      this.#names.set(node, names);
    }
    const key = this.#key(base);
    const other = names.get(key);
    // What a whiteout or a later entry removed is not there any more.
    if (
      other !== undefined && other !== base && node.children.has(other)
    ) {
      throw new UnsafeEntryError(
        entry,
        `expected a name of its own, found ${
          JSON.stringify(other)
        }, which is the same here`,
      );
    }
    names.set(key, base);
  }

  #key(name: string): string {
    return nameKey(name, this.#rules);
  }
}
