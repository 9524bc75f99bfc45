import type { ClientOptions } from "../../distribution/client_options.ts";
import { RegistryClient } from "../../distribution/registry_client.ts";
import { toldOptions, toldTransport } from "../sync/_tag_stores.ts";
import { sync } from "../sync/sync.ts";
import type { SyncConfig, SyncRegistry } from "../sync/sync_config.ts";
import { SyncError } from "../sync/sync_error.ts";
import type { SyncResult } from "../sync/sync_result.ts";
import type { SyncOptions } from "../sync/sync_options.ts";
import type { Invocation } from "./_command.ts";
import { lazyCredentialFiles } from "./_credential_files.ts";
import { CommandError } from "./_errors.ts";
import { explain } from "./_explain.ts";
import { readFormat } from "./_format.ts";
import { printable } from "./_printable.ts";
import { remoteOptions } from "./_remote.ts";
import { expandBackup, readSyncFile } from "./_sync_file.ts";
import { capitalise } from "./render/status_lines.ts";

/** Copies what a configuration names, as far as it has changed. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [path = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const read = await readSyncFile(path, signal);
  for (const { path, reason } of read.ignored) {
    console.err(`WARNING! ${printable(path)} has no effect: ${reason}`);
  }
  const config = flags.given("concurrency")
    ? { ...read, parallel: Math.max(1, flags.int("concurrency")) }
    : read;
  // What is wrong with the flags is told before anything is done.
  await optionsFor(invocation, "", undefined);
  const results = await runAll(config, {
    dryRun: flags.bool("dry-run"),
    missing: flags.bool("missing"),
    makeClient: async (registry) => {
      const told = config.creds.find((one) => one.registry === registry);
      const options = await optionsFor(invocation, registry, told);
      return new RegistryClient(registry, options);
    },
    expandBackup,
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

/** What the flags and the file say of a registry; where both do, the file counts. */
async function optionsFor(
  invocation: Invocation,
  registry: string,
  told: SyncRegistry = { registry },
): Promise<ClientOptions> {
  const options = toldOptions(told);
  const { credentials = lazyCredentialFiles(invocation.flags) } = options;
  const transport = toldTransport(told);
  return {
    ...await remoteOptions(invocation, registry, credentials, transport),
    ...options,
  };
}

/** All results, of what failed too. */
async function runAll(
  config: SyncConfig,
  options: SyncOptions,
): Promise<readonly SyncResult[]> {
  try {
    return await sync(config, options);
  } catch (error) {
    if (error instanceof SyncError) return error.results;
    throw error;
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
