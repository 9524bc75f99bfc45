import { RegistryClient } from "../../distribution/registry_client.ts";
import { ValidationError } from "../../image/validation.ts";
import { parseSyncConfig } from "../sync/parse_sync_config.ts";
import { LAYOUT_SCHEME } from "../sync/_place.ts";
import { sync, type SyncRunOptions } from "../sync/sync.ts";
import type { SyncConfig } from "../sync/sync_config.ts";
import { SyncError } from "../sync/sync_error.ts";
import type { SyncResult } from "../sync/sync_result.ts";
import type { Invocation } from "./_command.ts";
import { CommandError } from "./_errors.ts";
import { explain } from "./_explain.ts";
import { readFormat } from "./_format.ts";
import { readLocal } from "./_local_file.ts";
import { printable } from "./_printable.ts";
import { remoteOptions } from "./_remote.ts";
import { capitalise } from "./render/status_lines.ts";

/** So large may a configuration be, in bytes. */
const MAX_SIZE = 4 * 1024 * 1024;

/** Copies what a configuration names, as far as it has changed. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [path = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const read = await readConfig(path, signal);
  for (const field of read.ignored) {
    console.err(`WARNING! ${field} has no effect here`);
  }
  const config = flags.given("concurrency")
    ? { ...read, parallel: Math.max(1, flags.int("concurrency")) }
    : read;
  const remotes = new Map(
    await Promise.all(
      registriesOf(config).map(async (registry) =>
        [registry, await remoteOptions(invocation, registry)] as const
      ),
    ),
  );
  const results = await runAll(config, {
    dryRun: flags.bool("dry-run"),
    makeClient: (registry, options) =>
      new RegistryClient(registry, { ...remotes.get(registry), ...options }),
    onResult: (result) => {
      if (format.isText) console.out(lineOf(result));
    },
    signal,
  });
  format.print(console, {
    results: results.map(({ digest, error, outcome, source, target }) => ({
      source,
      target,
      outcome,
      ...(digest !== undefined && { digest }),
      ...(error !== undefined && { error: explain(error).message }),
    })),
  });
  const failed = results.filter(({ outcome }) => outcome === "failed");
  if (failed.length === 0) return;
  throw new CommandError(`${failed.length} of ${results.length} failed`, {
    cause: failed[0]!.error,
  });
}

/** All results, of what failed too. */
async function runAll(
  config: SyncConfig,
  options: SyncRunOptions,
): Promise<readonly SyncResult[]> {
  try {
    return await sync(config, options);
  } catch (error) {
    if (error instanceof SyncError) return error.results;
    throw error;
  }
}

/** All registries that entries name, so that flags and files are read before anything is done. */
function registriesOf({ sync }: SyncConfig): string[] {
  const hosts = sync.flatMap(({ backup, source, target, type }) =>
    type === "registry" ? [source, target] : [
      source,
      target,
      ...(backup?.includes("/") ? [backup] : []),
    ]
  ).filter((text) => !text.startsWith(LAYOUT_SCHEME)).map((text) => {
    const first = text.split("/")[0]!;
    const isHost = /[.:]/.test(first) || first === "localhost";
    return isHost && (text.includes("/") || /[.:]/.test(text))
      ? first
      : "docker.io";
  });
  return [...new Set(hosts)];
}

async function readConfig(
  path: string,
  signal: AbortSignal,
): Promise<SyncConfig> {
  const bytes = await readLocal(path, MAX_SIZE, signal);
  if (bytes.byteLength > MAX_SIZE) {
    throw new CommandError(`${path} is larger than ${MAX_SIZE} bytes`);
  }
  const { parse, YAMLParseError } = await import("yaml");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return parseSyncConfig(parse(text, { merge: true, maxAliasCount: 100 }));
  } catch (cause) {
    if (cause instanceof ValidationError) {
      const lines = cause.issues.map(({ actual, expected, path }) =>
        `${path}: expected ${expected}, found ${actual}`
      );
      throw new CommandError(
        `${path} is no configuration of a sync:\n${lines.join("\n")}`,
        { cause },
      );
    }
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

function lineOf({ error, outcome, source, target }: SyncResult): string {
  const words = outcome === "would copy"
    ? "Would copy"
    : capitalise(outcome as "copied");
  const line = `${words.padEnd(10)} ${source} => ${target}`;
  return printable(
    error === undefined ? line : `${line}: ${explain(error).message}`,
  );
}
