import { isFields } from "../../image/_checker.ts";
import { ValidationError } from "../../image/validation.ts";
import { parseSyncConfig } from "../sync/parse_sync_config.ts";
import type { SyncConfig } from "../sync/sync_config.ts";
import type { BackupData } from "../sync/sync_options.ts";
import { needVariable } from "./_environment.ts";
import { CommandError } from "./_errors.ts";
import { readLocal } from "./_local_file.ts";
import { readTemplate, type Render } from "./template/template.ts";
import { TemplateError } from "./template/template_error.ts";

/** So large may a configuration be, in bytes. */
const MAX_SIZE = 4 * 1024 * 1024;
/** The functions of regsync's templates that Go's have not. */
const FUNCTIONS = { env: variable, file: fileText };
/** What may be a template in a registry's entry, beside `backup`, which waits for a tag. */
const OF_REGISTRY = [
  "registry",
  "user",
  "pass",
  "regcert",
  "clientCert",
  "clientKey",
];

/**
 * Reads a configuration of a sync, and expands its templates but for those of `backup`.
 *
 * @throws {CommandError} It is none, or a template cannot be expanded.
 */
export async function readSyncFile(
  path: string,
  signal: AbortSignal,
): Promise<SyncConfig> {
  const bytes = await readLocal(path, MAX_SIZE, signal);
  if (bytes.byteLength > MAX_SIZE) {
    throw new CommandError(`${path} is larger than ${MAX_SIZE} bytes`);
  }
  const value = expandAll(await parseYaml(path, bytes));
  try {
    return parseSyncConfig(value);
  } catch (cause) {
    if (!(cause instanceof ValidationError)) throw cause;
    const lines = cause.issues.map(({ actual, expected, path }) =>
      `${path}: expected ${expected}, found ${actual}`
    );
    throw new CommandError(
      `${path} is no configuration of a sync:\n${lines.join("\n")}`,
      { cause },
    );
  }
}

/** A `backup` for a tag. */
export function expandBackup(template: string, data: BackupData): string {
  return read("backup", template)(data);
}

async function parseYaml(path: string, bytes: Uint8Array): Promise<unknown> {
  const { parse, YAMLParseError } = await import("yaml");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // What it warns of would go to the terminal as it stands there.
    const logLevel = "error";
    return parse(text, { merge: true, maxAliasCount: 100, logLevel });
  } catch (cause) {
    if (
      cause instanceof YAMLParseError || cause instanceof TypeError ||
      cause instanceof ReferenceError
    ) {
      throw new CommandError(`${path} is no YAML: ${cause.message.trim()}`, {
        cause,
      });
    }
    throw cause;
  }
}

/** The value with its templates expanded; what is of another shape is left to the check. */
function expandAll(value: unknown): unknown {
  if (!isFields(value)) return value;
  const { creds, sync } = value;
  return {
    ...value,
    ...Array.isArray(creds) && {
      creds: creds.map((item, index) =>
        expandSome(item, OF_REGISTRY, `$.creds[${index}]`)
      ),
    },
    ...Array.isArray(sync) && {
      sync: sync.map((item, index) => {
        const path = `$.sync[${index}]`;
        // The source first, as the target may be made of it.
        return ["source", "target"].reduce(
          (entry, key) => expandSome(entry, [key], path, syncData(entry)),
          item,
        );
      }),
    },
  };
}

function expandSome(
  item: unknown,
  keys: readonly string[],
  path: string,
  data: unknown = {},
): unknown {
  if (!isFields(item)) return item;
  const changed = keys.flatMap((key) => {
    const text = item[key];
    if (typeof text !== "string" || !text.includes("{{")) return [];
    return [[key, read(`${path}.${key}`, text)(data)]];
  });
  return { ...item, ...Object.fromEntries(changed) };
}

function syncData(entry: unknown): unknown {
  const { backup, source, target, type } = isFields(entry) ? entry : {};
  return {
    Sync: { Source: source, Target: target, Type: type, Backup: backup },
  };
}

/** A template that tells where it stands where it fails. */
function read(place: string, text: string): Render {
  const told = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      if (!(cause instanceof TemplateError)) throw cause;
      throw new CommandError(`${place}: ${cause.message}`, { cause });
    }
  };
  const render = told(() => readTemplate(text, FUNCTIONS));
  return (value) => told(() => render(value));
}

function variable(name: unknown): string {
  const value = needVariable(String(name));
  if (value !== undefined) return value;
  throw new TemplateError(`${name} is not set in the environment`);
}

function fileText(path: unknown): string {
  try {
    return Deno.readTextFileSync(String(path)).trim();
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new TemplateError(`file ${path} cannot be read: ${seen}`);
  }
}
