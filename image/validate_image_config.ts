import { Checker, type Fields, isFields, Path } from "./_checker.ts";
import type { ImageConfig } from "./image_config.ts";
import { parseJson } from "./parse_json.ts";
import { digestProblem } from "./validate_descriptor.ts";
import {
  type ParseOptions,
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "./validation.ts";

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

/** Options of {@linkcode parseImageConfig}. */
export interface ParseImageConfigOptions extends ParseOptions {
  /**
   * The largest content accepted, in bytes.
   *
   * @default {4194304}
   */
  readonly maxSize?: number | undefined;
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
  options: ParseImageConfigOptions = {},
): ImageConfig {
  const { level = "wire", maxSize, profile } = options;
  const value = parseJson(bytes, { maxSize });
  assertImageConfig(value, { level, profile });
  return value;
}

/**
 * Checks that a value is an image's configuration.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertImageConfig } from "@gantry/oci/image";
 *
 * assertImageConfig({
 *   architecture: "amd64",
 *   os: "linux",
 *   rootfs: { type: "layers", diff_ids: [] },
 * });
 * ```
 */
export function assertImageConfig(
  value: unknown,
  options?: ValidateOptions,
): asserts value is ImageConfig {
  const issues = validateImageConfig(value, options);
  if (issues.length > 0) throw new ValidationError("image config", issues);
}

function checkConfig(checker: Checker, fields: Fields, path: Path): void {
  checker.pattern(fields, "created", path, DATE_TIME);
  checker.text(fields, "author", path);
  checker.text(fields, "architecture", path, true);
  checker.text(fields, "os", path, true);
  checker.text(fields, "os.version", path);
  checker.texts(fields, "os.features", path);
  checker.text(fields, "variant", path);
  for (const key of ["docker_version", "container"]) {
    if (checker.strict) checker.text(fields, key, path);
  }
  for (const key of checker.strict ? CONTAINERS : ["config"]) {
    if (!isPresent(fields[key])) continue;
    const place = path.child(key);
    const config = checker.object(fields[key], place);
    if (config !== undefined) checkContainer(checker, config, place);
  }
  const place = path.child("rootfs");
  const rootfs = checker.object(fields["rootfs"], place);
  if (rootfs !== undefined) {
    checker.pattern(rootfs, "type", place, LAYERS, true);
    checker.array(rootfs, "diff_ids", place, checker.strict);
    checkDiffIds(checker, rootfs, place);
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

function checkDiffIds(checker: Checker, rootfs: Fields, path: Path): void {
  checker.texts(rootfs, "diff_ids", path);
  const ids = rootfs["diff_ids"];
  if (!checker.strict || !Array.isArray(ids)) return;
  ids.forEach((id, index) => {
    const expected = typeof id === "string" ? digestProblem(id) : undefined;
    if (expected === undefined) return;
    checker.add(path.child("diff_ids").child(index).text(), expected, id);
  });
}

const CONTAINERS = ["config", "container_config"];

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
  for (const key of ["Memory", "MemorySwap", "CpuShares", "StopTimeout"]) {
    checkNumber(checker, config, key, path);
  }
  for (const key of ["Shell", "OnBuild"]) checker.texts(config, key, path);
  for (const key of ["Image", "Hostname", "Domainname", "MacAddress"]) {
    checker.text(config, key, path);
  }
  for (const key of FLAGS) checker.boolean(config, key, path);
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

/** The truth values of a container that only Docker knows. */
const FLAGS = [
  "AttachStdin",
  "AttachStdout",
  "AttachStderr",
  "Tty",
  "OpenStdin",
  "StdinOnce",
  "NetworkDisabled",
];

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
  if (
    !isPresent(value) || Number.isSafeInteger(value) ||
    typeof value === "bigint" && BigInt.asIntN(64, value) === value
  ) return;
  checker.add(path.child(key).text(), "an integer of 64 bits", value);
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
