import { childPath } from "./_json_path.ts";
import type {
  ValidateOptions,
  ValidationIssue,
  ValidationLevel,
} from "./validation.ts";

/** A pattern that a text must match, and what to say where it does not. */
export interface Rule {
  /** The pattern. */
  readonly pattern: RegExp;
  /** What is expected, in words. */
  readonly expected: string;
}

/** An object of unknown fields. */
export type Fields = Readonly<Record<string, unknown>>;

const PREVIEW = 80;

/**
 * A walk over one document, which collects issues.
 *
 * Checks take the object and the key, and build a path only where something is
 * wrong, so that a good document costs no text work: the path of the object itself
 * is asked of `where`, which is called at most once per issue.
 */
export class Checker {
  /** What was found so far. */
  readonly issues: ValidationIssue[] = [];
  /** How strictly to check. */
  readonly level: ValidationLevel;
  /** Which media types are demanded. */
  readonly profile: "any" | "image";

  constructor(options: ValidateOptions = {}) {
    this.level = options.level ?? "schema";
    this.profile = options.profile ?? "any";
  }

  /** Whether all rules are checked, and not only those that work depends on. */
  get strict(): boolean {
    return this.level === "schema";
  }

  /** Notes a problem. */
  add(path: string, expected: string, actual: unknown): void {
    this.issues.push({ path, expected, actual: preview(actual) });
  }

  /** The value as an object, or undefined after noting that it is none. */
  object(value: unknown, path: Path): Fields | undefined {
    if (isFields(value)) return value;
    this.add(path.text(), "an object", value);
    return undefined;
  }

  /** The member as an array, or undefined where it is absent or, after noting, no array. */
  array(
    fields: Fields,
    key: string,
    path: Path,
    required = false,
  ): readonly unknown[] | undefined {
    const value = fields[key];
    if (Array.isArray(value)) return value;
    if (this.#absent(value, required)) return undefined;
    this.add(path.child(key).text(), "an array", value);
    return undefined;
  }

  /** The member as a text, or undefined where it is absent or, after noting, no text. */
  text(
    fields: Fields,
    key: string,
    path: Path,
    required = false,
  ): string | undefined {
    const value = fields[key];
    if (typeof value === "string") return value;
    if (this.#absent(value, required)) return undefined;
    this.add(path.child(key).text(), "a string", value);
    return undefined;
  }

  /** Checks a text against a pattern. */
  pattern(
    fields: Fields,
    key: string,
    path: Path,
    rule: Rule,
    required = false,
  ): void {
    const value = this.text(fields, key, path, required);
    if (value !== undefined && !rule.pattern.test(value)) {
      this.add(path.child(key).text(), rule.expected, value);
    }
  }

  /** Checks that a member, where present, is a boolean. */
  boolean(fields: Fields, key: string, path: Path): void {
    const value = fields[key];
    if (typeof value === "boolean" || this.#absent(value, false)) return;
    this.add(path.child(key).text(), "true or false", value);
  }

  /** Checks an array of texts. */
  texts(
    fields: Fields,
    key: string,
    path: Path,
    rule?: Rule,
  ): void {
    const items = this.array(fields, key, path);
    items?.forEach((item, index) => {
      if (typeof item !== "string") {
        this.add(path.child(key).child(index).text(), "a string", item);
      } else if (rule !== undefined && !rule.pattern.test(item)) {
        this.add(path.child(key).child(index).text(), rule.expected, item);
      }
    });
  }

  /** Checks a map of texts. */
  textMap(fields: Fields, key: string, path: Path): void {
    const map = fields[key];
    if (this.#absent(map, false)) return;
    if (!isFields(map)) {
      this.add(path.child(key).text(), "an object of strings", map);
      return;
    }
    for (const name of Object.keys(map)) {
      if (typeof map[name] !== "string") {
        this.add(path.child(key).child(name).text(), "a string", map[name]);
      }
    }
  }

  /** Absent, or `null` where Go's decoder reads that as absent. */
  #absent(value: unknown, required: boolean): boolean {
    return !required && (value === undefined || value === null);
  }
}

/** Where a check is in the document; the text is made only when an issue needs it. */
export class Path {
  readonly #parent: Path | undefined;
  readonly #key: string | number;

  constructor(parent?: Path, key: string | number = "$") {
    this.#parent = parent;
    this.#key = key;
  }

  /** The place of a member or an item. */
  child(key: string | number): Path {
    return new Path(this, key);
  }

  /** The place in the style of RFC 9535. */
  text(): string {
    return this.#parent === undefined
      ? String(this.#key)
      : childPath(this.#parent.text(), this.#key);
  }
}

/** Whether a value is an object and no array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function preview(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return String(value);
  const text = shown(value);
  return text.length <= PREVIEW ? text : `${text.slice(0, PREVIEW - 1)}…`;
}

/** A value as JSON, as far as a preview can need it: a YAML value may hold itself, or one part a million times. */
function shown(value: unknown): string {
  let left = PREVIEW;
  try {
    return JSON.stringify(value, (_key, part: unknown) => {
      // `JSON.stringify` refuses a bigint; its digits tell as much.
      if (typeof part === "bigint") return String(part);
      return typeof part === "object" && left-- <= 0 ? undefined : part;
    }) ?? String(value);
  } catch {
    return Array.isArray(value) ? "an array" : "an object";
  }
}
