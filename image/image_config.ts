import { Checker, type Fields, isFields, Path } from "./_checker.ts";
import { parseJson } from "./parse_json.ts";
import {
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "./validation.ts";

/** How an image is to be run: the `config` of an {@linkcode ImageConfig}. */
export interface ContainerConfig {
  /** The user, by name or number, with an optional group behind a colon. */
  readonly User?: string | null;
  /** Ports that the container listens on, as `port[/protocol]`, each with an empty object. */
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  /** Environment variables, each `NAME=value`. */
  readonly Env?: readonly string[] | null;
  /** The command's fixed part. */
  readonly Entrypoint?: readonly string[] | null;
  /** The command's default arguments. */
  readonly Cmd?: readonly string[] | null;
  /** Directories that hold data of the container's own, each with an empty object. */
  readonly Volumes?: Readonly<Record<string, object>> | null;
  /** The working directory. */
  readonly WorkingDir?: string | null;
  /** Free metadata. */
  readonly Labels?: Readonly<Record<string, string>> | null;
  /** The signal that ends the container, such as `SIGKILL` or `SIGRTMIN+3`. */
  readonly StopSignal?: string | null;
  /** Whether the command is escaped already; Windows only, deprecated. */
  readonly ArgsEscaped?: boolean | null;
  /** Reserved by the specification: memory limit. */
  readonly Memory?: number | null;
  /** Reserved by the specification: total memory usage. */
  readonly MemorySwap?: number | null;
  /** Reserved by the specification: processor shares. */
  readonly CpuShares?: number | null;
  /** Reserved by the specification: how Docker asks whether the container is well. */
  readonly Healthcheck?: Healthcheck | null;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/** How Docker asks whether a container is well. Times are in nanoseconds. */
export interface Healthcheck {
  /** The test: `NONE`, or `CMD` or `CMD-SHELL` with what follows. */
  readonly Test?: readonly string[];
  /** Time between two tests. */
  readonly Interval?: number;
  /** Time after which a test has failed. */
  readonly Timeout?: number;
  /** Time in which failures do not count. */
  readonly StartPeriod?: number;
  /** Time between two tests within the start period. */
  readonly StartInterval?: number;
  /** How many failures in a row say that it is not well. */
  readonly Retries?: number;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/** The layers that make an image's file system. */
export interface RootFs {
  /** Always `layers`. */
  readonly type: "layers";
  /** The digests of the uncompressed layers, base first. */
  readonly diff_ids: readonly string[];
}

/** How one layer came about. */
export interface History {
  /** When, RFC 3339. */
  readonly created?: string | null;
  /** By which command. */
  readonly created_by?: string | null;
  /** By whom. */
  readonly author?: string | null;
  /** A remark. */
  readonly comment?: string | null;
  /** Whether it made no layer. */
  readonly empty_layer?: boolean | null;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * An image's configuration. Optional fields may be `null`, which means absent.
 *
 * Follows image-spec `config.md`.
 */
export interface ImageConfig {
  /** When the image was made, RFC 3339. */
  readonly created?: string | null;
  /** Who made it. */
  readonly author?: string | null;
  /** The processor, by Go's names. */
  readonly architecture: string;
  /** The operating system, by Go's names. */
  readonly os: string;
  /** The operating system's version. */
  readonly "os.version"?: string | null;
  /** What the operating system must offer. */
  readonly "os.features"?: readonly string[] | null;
  /** The processor's variant. */
  readonly variant?: string | null;
  /** How it is to be run. */
  readonly config?: ContainerConfig | null;
  /** Its layers. */
  readonly rootfs: RootFs;
  /** How its layers came about, base first. */
  readonly history?: readonly History[] | null;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * Lists what is wrong with an image's configuration; an empty list says that it is
 * valid.
 *
 * Follows image-spec `config.md`.
 *
 * @example
 * ```ts
 * import { validateImageConfig } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const issues = validateImageConfig({
 *   architecture: "amd64",
 *   os: 123,
 *   rootfs: { type: "layers", diff_ids: [] },
 *   config: { Env: ["foo"] },
 * });
 * assertEquals(issues.map((issue) => issue.path), ["$.os", "$.config.Env[0]"]);
 * ```
 */
export function validateImageConfig(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  const path = new Path();
  const fields = checker.object(value, path);
  if (fields !== undefined) checkConfig(checker, fields, path);
  return checker.issues;
}

/**
 * Parses an image's configuration, and checks it.
 *
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} The document is not valid; the error lists every problem.
 *
 * @example
 * ```ts
 * import { encodeJson, parseImageConfig } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const config = {
 *   architecture: "amd64",
 *   os: "linux",
 *   rootfs: { type: "layers", diff_ids: [] },
 * };
 * assertEquals<unknown>(parseImageConfig(encodeJson(config)), config);
 * ```
 */
export function parseImageConfig(
  bytes: Uint8Array,
  options: ValidateOptions = { level: "wire" },
): ImageConfig {
  const value = parseJson(bytes);
  const issues = validateImageConfig(value, options);
  if (issues.length > 0) throw new ValidationError("image config", issues);
  return value as ImageConfig;
}

function checkConfig(checker: Checker, fields: Fields, path: Path): void {
  checker.pattern(fields, "created", path, DATE_TIME);
  checker.text(fields, "author", path);
  checker.text(fields, "architecture", path, true);
  checker.text(fields, "os", path, true);
  checker.text(fields, "os.version", path);
  checker.texts(fields, "os.features", path);
  checker.text(fields, "variant", path);
  if (isPresent(fields["config"])) {
    const place = path.child("config");
    const config = checker.object(fields["config"], place);
    if (config !== undefined) checkContainer(checker, config, place);
  }
  const place = path.child("rootfs");
  const rootfs = checker.object(fields["rootfs"], place);
  if (rootfs !== undefined) {
    checker.pattern(rootfs, "type", place, LAYERS, true);
    checker.array(rootfs, "diff_ids", place, checker.strict);
    checker.texts(rootfs, "diff_ids", place);
  }
  checker.array(fields, "history", path)?.forEach((item, index) => {
    const place = path.child("history").child(index);
    const history = checker.object(item, place);
    if (history === undefined) return;
    checker.pattern(history, "created", place, DATE_TIME);
    for (const key of ["created_by", "author", "comment"]) {
      checker.text(history, key, place);
    }
    checker.boolean(history, "empty_layer", place);
  });
}

function checkContainer(checker: Checker, config: Fields, path: Path): void {
  for (const key of ["User", "WorkingDir", "StopSignal"]) {
    checker.text(config, key, path);
  }
  // Docker itself writes `NAME` for a variable to be removed, so only a validator minds.
  checker.texts(config, "Env", path, checker.strict ? VARIABLE : undefined);
  for (const key of ["Entrypoint", "Cmd"]) checker.texts(config, key, path);
  checkSet(checker, config, "ExposedPorts", path, PORT);
  checkSet(checker, config, "Volumes", path);
  checker.textMap(config, "Labels", path);
  checker.boolean(config, "ArgsEscaped", path);
  if (!checker.strict) return;
  for (const key of ["Memory", "MemorySwap", "CpuShares"]) {
    checkNumber(checker, config, key, path);
  }
  if (isPresent(config["Healthcheck"])) {
    const place = path.child("Healthcheck");
    const health = checker.object(config["Healthcheck"], place);
    if (health === undefined) return;
    checker.texts(health, "Test", place);
    for (
      const key of [
        "Interval",
        "Timeout",
        "StartPeriod",
        "StartInterval",
        "Retries",
      ]
    ) checkNumber(checker, health, key, place);
  }
}

/** Checks Go's way to write a set: an object whose values are empty objects. */
function checkSet(
  checker: Checker,
  fields: Fields,
  key: string,
  path: Path,
  names?: { readonly pattern: RegExp; readonly expected: string },
): void {
  const value = fields[key];
  if (!isPresent(value)) return;
  const place = path.child(key);
  const set = checker.object(value, place);
  for (const name of Object.keys(set ?? {})) {
    const item = set![name];
    if (!isFields(item)) checker.add(place.child(name).text(), "{}", item);
    if (checker.strict && names !== undefined && !names.pattern.test(name)) {
      checker.add(place.child(name).text(), names.expected, name);
    }
  }
}

function checkNumber(
  checker: Checker,
  fields: Fields,
  key: string,
  path: Path,
): void {
  const value = fields[key];
  if (!isPresent(value) || Number.isSafeInteger(value)) return;
  checker.add(path.child(key).text(), "an integer", value);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

const DATE_TIME = {
  pattern:
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/,
  expected: "a time as RFC 3339 writes it",
};
const LAYERS = { pattern: /^layers$/, expected: '"layers"' };
const VARIABLE = { pattern: /^[^=]+=/s, expected: "NAME=value" };
const PORT = {
  pattern: /^[0-9]+(?:-[0-9]+)?(?:\/(?:tcp|udp|sctp))?$/,
  expected: "a port, as 80 or 53/udp",
};
