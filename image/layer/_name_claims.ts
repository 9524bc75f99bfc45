import { type FileNameRules, nameKey } from "./name_rules.ts";

/** The names that are taken, where several names can be one file. */
export class NameClaims {
  readonly #rules: FileNameRules;
  readonly #names = new Map<string, string>();

  /** Makes a list of none, by the rules of a platform. */
  constructor(rules: FileNameRules) {
    this.#rules = rules;
  }

  /**
   * Takes a place with all directories above it, and gives the other spelling where
   * one of these is taken under another.
   */
  claim(parts: readonly string[]): string | undefined {
    if (this.#rules === "posix") return undefined;
    let path = "";
    for (const part of parts) {
      path += path === "" ? part : `/${part}`;
      const key = nameKey(path, this.#rules);
      const other = this.#names.get(key);
      if (other === undefined) this.#names.set(key, path);
      else if (other !== path) return other;
    }
    return undefined;
  }
}
