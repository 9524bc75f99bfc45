import {
  Checker,
  type Fields,
  isFields,
  Path,
  type Rule,
} from "../../image/_checker.ts";
import { ValidationError } from "../../image/validation.ts";
import { parseRegistryName } from "../../distribution/reference.ts";
import { IGNORED, REFUSED } from "./_foreign_fields.ts";
import { namePattern } from "./_name_pattern.ts";
import type {
  IgnoredField,
  NameRules,
  SyncConfig,
  SyncDefaults,
  SyncEntry,
  SyncRegistry,
  TagRules,
} from "./sync_config.ts";

const OPTIONS = [
  "platform",
  "referrers",
  "digestTags",
  "includeExternal",
  "forceRecursive",
  "fastCheck",
  "backup",
] as const satisfies readonly (keyof SyncDefaults)[];

const TYPES: Rule = {
  pattern: /^(?:image|repository|registry)$/,
  expected: '"image", "repository" or "registry"',
};
const TLS: Rule = {
  pattern: /^(?:enabled|insecure|disabled)$/,
  expected: '"enabled", "insecure" or "disabled"',
};
const PARALLEL = 4;
/** What must not be shown. */
const SECRETS = ["pass", "regcert", "clientCert", "clientKey"] as const;
const LIMITS = ["reqConcurrent", "reqPerSec"] as const;
const TAG_RULES = ["allow", "deny", "semverRange"] as const;
/** By what name the documents of regsync call `fastCheck`, too. */
const FAST_COPY = "fastCopy";

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
  readonly #ignored: IgnoredField[] = [];

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
    this.#onceEach(creds, root.child("creds"));
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
  ): { parallel: number; options: SyncDefaults } {
    const path = root.child("defaults");
    const defaults = this.checker.object(fields.defaults ?? {}, path) ?? {};
    this.#known(defaults, path, ["parallel", "skipDockerConfig", ...OPTIONS]);
    if (defaults.skipDockerConfig === true) {
      this.checker.add(
        path.child("skipDockerConfig").text(),
        "nothing, as an empty folder in DOCKER_CONFIG does it",
        true,
      );
    }
    const { parallel = PARALLEL } = defaults;
    const isCount = Number.isSafeInteger(parallel) && Number(parallel) > 0;
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
    this.#known(fields, path, [
      "registry",
      "tls",
      "user",
      ...SECRETS,
      ...LIMITS,
    ]);
    this.checker.pattern(fields, "tls", path, TLS);
    const { tls } = fields as Partial<SyncRegistry>;
    const registry: Record<string, unknown> = {
      registry: this.#host(fields, path),
      user: this.checker.text(fields, "user", path),
      tls,
    };
    for (const key of SECRETS) {
      const value = fields[key] ?? undefined;
      registry[key] = value;
      // Not through the checker, whose issues show what stands there.
      if (value === undefined || typeof value === "string") continue;
      this.checker.add(path.child(key).text(), "a string", "another value");
    }
    for (const key of LIMITS) {
      // Without limit is 0 in regsync.
      const value = fields[key] || undefined;
      registry[key] = value;
      const isNumber = typeof value === "number" && value > 0;
      const isGood = key === "reqPerSec" ? isNumber : Number.isInteger(value);
      if (value === undefined || isNumber && isGood) continue;
      this.checker.add(path.child(key).text(), "a positive number", value);
    }
    return registry as unknown as SyncRegistry;
  }

  #host(fields: Fields, path: Path): string {
    const text = this.checker.text(fields, "registry", path, true);
    if (text === undefined) return "";
    try {
      return parseRegistryName(text);
    } catch {
      // Not what stands there: there could be a password in front of the host.
      this.checker.add(
        path.child("registry").text(),
        "a host with an optional port",
        "another text",
      );
      return "";
    }
  }

  /** What is said of a registry in a second place would be without effect. */
  #onceEach(creds: readonly SyncRegistry[], path: Path): void {
    const names = creds.map(({ registry }) => registry);
    for (const [index, name] of names.entries()) {
      if (name === "" || names.indexOf(name) === index) continue;
      const at = path.child(index).child("registry").text();
      this.checker.add(at, "a registry that is not told of above", name);
    }
  }

  #entry(fields: Fields, path: Path, defaults: SyncDefaults): SyncEntry {
    this.#known(fields, path, [
      "source",
      "target",
      "type",
      "tags",
      "tagSets",
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
      tags: this.#rules(fields.tags, path.child("tags"), TAG_RULES),
      tagSets: this.#tagSets(fields, path),
      repos: this.#rules(fields.repos, path.child("repos"), ["allow", "deny"]),
    };
    for (const key of ["tags", "tagSets"] as const) {
      if (entry[key] === undefined || entry.type !== "image") continue;
      this.checker.add(
        path.child(key).text(),
        "nothing beside the type image",
        fields[key],
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

  #tagSets(fields: Fields, parent: Path): TagRules[] | undefined {
    const path = parent.child("tagSets");
    return this.checker.array(fields, "tagSets", parent)?.map((rules, index) =>
      this.#rules(rules ?? {}, path.child(index), TAG_RULES) ?? {}
    );
  }

  #options(given: Fields, path: Path): SyncDefaults {
    const { [FAST_COPY]: fastCheck, ...rest } = given;
    const fields = fastCheck === undefined ? rest : { fastCheck, ...rest };
    for (const key of OPTIONS) {
      if (key === "platform" || key === "backup") {
        this.checker.text(fields, key, path);
      } else this.checker.boolean(fields, key, path);
    }
    return Object.fromEntries(
      OPTIONS.filter((key) => (fields[key] ?? undefined) !== undefined)
        .map((key) => [key, fields[key]]),
    );
  }

  #rules(
    value: unknown,
    path: Path,
    names: readonly (keyof TagRules)[],
  ): NameRules | undefined {
    if ((value ?? undefined) === undefined) return undefined;
    const rules = this.checker.object(value, path);
    if (rules === undefined) return undefined;
    this.#known(rules, path, names);
    for (const name of names) {
      this.checker.texts(rules, name, path);
      if (name !== "semverRange") this.#patterns(rules[name], path.child(name));
    }
    // As in Go, where a list that is empty is none.
    return Object.fromEntries(
      Object.entries(rules).filter(([, items]) =>
        Array.isArray(items) && items.length > 0
      ),
    );
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
      if (key === FAST_COPY && keys.includes("fastCheck")) continue;
      const at = path.child(key).text();
      const reason = IGNORED.get(key);
      const refusal = REFUSED.get(key);
      if (reason !== undefined) {
        this.#ignored.push({ path: at, reason });
      } else if (refusal !== undefined) {
        // Not what stands there, which may be secret.
        this.checker.add(at, `nothing, as ${refusal}`, "this field of regsync");
      } else {
        this.checker.add(
          at,
          `one of ${keys.join(", ")}`,
          isFields(value) ? "an object" : value,
        );
      }
    }
  }
}

function isPattern(text: string): boolean {
  try {
    namePattern(text);
    return true;
  } catch {
    return false;
  }
}
