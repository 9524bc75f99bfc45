import {
  Checker,
  type Fields,
  isFields,
  Path,
  type Rule,
} from "../../image/_checker.ts";
import { ValidationError } from "../../image/validation.ts";
import type {
  NameRules,
  SyncConfig,
  SyncEntry,
  SyncOptions,
  SyncRegistry,
  TagRules,
} from "./sync_config.ts";

/** What regsync runs by itself, and what gantry leaves to cron or CI. */
const IGNORED: ReadonlySet<string> = new Set([
  "interval",
  "schedule",
  "ratelimit",
  "hooks",
  "mediaTypes",
  "skipDockerConfig",
  "userAgent",
  "cacheCount",
  "cacheTime",
  "fastCheck",
  "platforms",
]);

const OPTIONS = [
  "platform",
  "referrers",
  "digestTags",
  "includeExternal",
  "forceRecursive",
  "backup",
] as const satisfies readonly (keyof SyncOptions)[];

const TYPES: Rule = {
  pattern: /^(?:image|repository|registry)$/,
  expected: '"image", "repository" or "registry"',
};
const TLS: Rule = {
  pattern: /^(?:enabled|insecure|disabled)$/,
  expected: '"enabled", "insecure" or "disabled"',
};
const PARALLEL = 4;

/**
 * Reads a configuration of {@linkcode sync} from the value of its YAML or JSON.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { parseSyncConfig } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseSyncConfig({
 *   version: 1,
 *   sync: [{
 *     source: "docker.io/library/alpine",
 *     target: "registry.example/mirror/alpine",
 *     type: "repository",
 *     tags: { semverRange: [">=3.19"] },
 *   }],
 * });
 * assertEquals(config.sync[0]?.tags?.semverRange, [">=3.19"]);
 * ```
 */
export function parseSyncConfig(value: unknown): SyncConfig {
  const reader = new Reader();
  const config = reader.config(value);
  if (config === undefined || reader.checker.issues.length > 0) {
    throw new ValidationError("sync configuration", reader.checker.issues);
  }
  return config;
}

class Reader {
  readonly checker = new Checker();
  readonly #ignored: string[] = [];

  config(value: unknown): SyncConfig | undefined {
    const root = new Path();
    const fields = this.checker.object(value, root);
    if (fields === undefined) return undefined;
    this.#known(fields, root, ["version", "creds", "defaults", "sync"]);
    const { version } = fields;
    if (version !== undefined && version !== 1) {
      this.checker.add("$.version", "1", version);
    }
    const defaults = this.#defaults(fields, root);
    const creds = this.#items(
      fields,
      "creds",
      root,
      (item, path) => this.#registry(item, path),
    );
    const sync = this.#items(
      fields,
      "sync",
      root,
      (item, path) => this.#entry(item, path, defaults.options),
      true,
    );
    return {
      version: 1,
      creds,
      parallel: defaults.parallel,
      sync,
      ignored: this.#ignored,
    };
  }

  #defaults(
    fields: Fields,
    root: Path,
  ): { parallel: number; options: SyncOptions } {
    const path = root.child("defaults");
    const defaults = fields.defaults === undefined
      ? {}
      : this.checker.object(fields.defaults, path) ?? {};
    this.#known(defaults, path, ["parallel", ...OPTIONS]);
    const { parallel = PARALLEL } = defaults;
    const isCount = Number.isInteger(parallel) && Number(parallel) > 0;
    if (!isCount) {
      this.checker.add(
        path.child("parallel").text(),
        "an integer from 1",
        parallel,
      );
    }
    return {
      parallel: Number(parallel),
      options: this.#options(defaults, path),
    };
  }

  #registry(fields: Fields, path: Path): SyncRegistry {
    this.#known(fields, path, ["registry", "user", "pass", "tls"]);
    const registry = this.checker.text(fields, "registry", path, true) ?? "";
    this.checker.pattern(fields, "tls", path, TLS);
    const user = this.checker.text(fields, "user", path);
    // Not through the checker, whose issues show what stands there.
    const { pass, tls } = fields;
    if (pass !== undefined && typeof pass !== "string") {
      this.checker.add(path.child("pass").text(), "a string", "another value");
    }
    return { registry, user, pass, tls } as SyncRegistry;
  }

  #entry(fields: Fields, path: Path, defaults: SyncOptions): SyncEntry {
    this.#known(fields, path, [
      "source",
      "target",
      "type",
      "tags",
      "repos",
      ...OPTIONS,
    ]);
    this.checker.pattern(fields, "type", path, TYPES, true);
    const entry = {
      ...defaults,
      ...this.#options(fields, path),
      source: this.checker.text(fields, "source", path, true) ?? "",
      target: this.checker.text(fields, "target", path, true) ?? "",
      type: fields.type as SyncEntry["type"],
      tags: this.#rules(fields, "tags", path, ["allow", "deny", "semverRange"]),
      repos: this.#rules(fields, "repos", path, ["allow", "deny"]),
    };
    if (entry.tags !== undefined && entry.type === "image") {
      this.checker.add(
        path.child("tags").text(),
        "nothing beside the type image",
        fields.tags,
      );
    }
    if (entry.repos !== undefined && entry.type !== "registry") {
      this.checker.add(
        path.child("repos").text(),
        "nothing beside another type than registry",
        fields.repos,
      );
    }
    return entry;
  }

  #options(fields: Fields, path: Path): SyncOptions {
    for (const key of OPTIONS) {
      if (key === "platform" || key === "backup") {
        this.checker.text(fields, key, path);
      } else this.checker.boolean(fields, key, path);
    }
    return Object.fromEntries(
      OPTIONS.filter((key) => fields[key] !== undefined)
        .map((key) => [key, fields[key]]),
    );
  }

  #rules(
    fields: Fields,
    key: string,
    parent: Path,
    names: readonly (keyof TagRules)[],
  ): NameRules | undefined {
    if (fields[key] === undefined) return undefined;
    const path = parent.child(key);
    const rules = this.checker.object(fields[key], path);
    if (rules === undefined) return undefined;
    this.#known(rules, path, names);
    for (const name of names) {
      this.checker.texts(rules, name, path);
      if (name !== "semverRange") this.#patterns(rules[name], path.child(name));
    }
    return rules;
  }

  #patterns(value: unknown, path: Path): void {
    if (!Array.isArray(value)) return;
    for (const [index, pattern] of value.entries()) {
      if (typeof pattern !== "string" || isPattern(pattern)) continue;
      this.checker.add(
        path.child(index).text(),
        "a regular expression",
        pattern,
      );
    }
  }

  #items<T>(
    fields: Fields,
    key: string,
    parent: Path,
    read: (item: Fields, path: Path) => T,
    required = false,
  ): T[] {
    const path = parent.child(key);
    const items = this.checker.array(fields, key, parent, required) ?? [];
    return items.flatMap((item, index) => {
      const fields = this.checker.object(item, path.child(index));
      return fields === undefined ? [] : [read(fields, path.child(index))];
    });
  }

  /** A misspelt field would be without effect: so every field is known, or is a problem. */
  #known(fields: Fields, path: Path, keys: readonly string[]): void {
    for (const [key, value] of Object.entries(fields)) {
      if (keys.includes(key) || key.startsWith("x-")) continue;
      if (IGNORED.has(key)) this.#ignored.push(path.child(key).text());
      else {
        this.checker.add(
          path.child(key).text(),
          `one of ${keys.join(", ")}`,
          isFields(value) ? "an object" : value,
        );
      }
    }
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "v");
    return true;
  } catch {
    return false;
  }
}
