import { pathFailure } from "../node/_path_failure.ts";
import type { Invocation } from "./_command.ts";
import { writePiece } from "./_console.ts";
import { CommandError } from "./_errors.ts";
import { openDevice, outputPath } from "./_output_path.ts";
import { printable } from "./_printable.ts";

/** Reads a small text file that a flag names. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new CommandError(`open ${path}: ${reason(cause)}`, { cause });
  }
}

/**
 * Reads a small text file of credentials. Only a regular file is one: a pipe without
 * a writer would hold the program where no Ctrl-C reaches it.
 */
export async function readSecretFile(path: string): Promise<string> {
  try {
    const { isFile, isDirectory } = await Deno.stat(path);
    if (!isFile && !isDirectory) throw new Error("not a regular file");
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new CommandError(`open ${path}: ${reason(cause)}`, { cause });
  }
}

/**
 * Writes a small file that a flag names. It appears under its name when all of it
 * is written; what is no file is written to as it is.
 */
export async function writeFile(
  name: string,
  content: Uint8Array,
  signal: AbortSignal,
  mode = 0o666,
): Promise<void> {
  const { isDevice, path } = await outputPath(name);
  if (isDevice) {
    try {
      using device = await openDevice(path, signal);
      return await writePiece(device, content);
    } catch (cause) {
      signal.throwIfAborted();
      throw pathFailure("write", name, cause);
    }
  }
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await Deno.writeFile(temporary, content, { createNew: true, mode });
    await Deno.rename(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {});
    throw pathFailure("write", name, cause);
  }
}

/** Writes a small file that a flag names, or says so where nothing is to be written. */
export async function writeOutput(
  { console, flags, signal }: Invocation,
  path: string,
  content: Uint8Array,
): Promise<void> {
  if (flags.bool("dry-run")) console.err(`Would write ${printable(path)}`);
  else await writeFile(path, content, signal);
}

/** Replaces a small file that only its owner may read. */
export async function replaceSecretFile(
  path: string,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  await writeFile(path, new TextEncoder().encode(text), signal, 0o600);
}

function reason(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "no such file or directory";
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  return cause instanceof Error ? cause.message : String(cause);
}
