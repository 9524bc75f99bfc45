import { mkdir, open, readlink, rename, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CredentialError } from "../credential_error.ts";
import { invalidConfig, readCredentialFile } from "./_credential_file.ts";
import { withFileLock } from "./_file_lock.ts";

/** A JSON object, members in the order of the file. */
export type JsonObject = Record<string, unknown>;

/** docker writes tabs; a file that exists keeps what it has. */
const DEFAULT_INDENT = "\t";
const MAX_LINKS = 40;
/** How long to wait for others who change the file, in milliseconds: longer than until a lock is stale. */
const PATIENCE = 45_000;

/** Reads a file of one JSON object; a missing or empty one is undefined. */
export async function readJsonFile(
  path: string,
): Promise<JsonObject | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : parseJsonObject(text, path);
}

/**
 * Changes a file of one JSON object: `change` gets the object, empty where there
 * is no file, and gives another, or undefined to leave all as it is.
 *
 * Readers see the old or the new file, never a part of one. Two who change it at
 * once wait for each other. A symbolic link stays, and its target is replaced. The
 * new file can be read by its owner only.
 */
export async function changeJsonFile(
  path: string,
  change: (object: JsonObject) => JsonObject | undefined,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const target = await followLinks(path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const lock = `${target}.lock`;
    await withFileLock(lock, async (assertHeld) => {
      const text = await readText(target);
      const changed = change(
        text === undefined ? {} : parseJsonObject(text, path),
      );
      if (changed === undefined) return;
      signal?.throwIfAborted();
      const indent = /^\{\r?\n([ \t]+)/.exec(text ?? "")?.[1] ??
        DEFAULT_INDENT;
      await replace(
        target,
        `${JSON.stringify(changed, null, indent)}\n`,
        assertHeld,
      );
    }, { patience: PATIENCE, busy: () => lockedConfig(lock), signal });
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new CredentialError(
      "CREDENTIAL_CONFIG_UNWRITABLE",
      `Cannot change ${path}: ${reason(cause.code)}`,
      { cause },
    );
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const text = await readCredentialFile(path);
    return text.trim() === "" ? undefined : text;
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    if (cause.code === "ENOENT") return undefined;
    throw new CredentialError(
      "CREDENTIAL_CONFIG_UNREADABLE",
      `Cannot read ${path}: ${reason(cause.code)}`,
      { cause },
    );
  }
}

/** The words for what the operating system answered; its code where they are not known. */
function reason(code: string): string {
  return REASONS[code] ?? code;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ENOSPC: "no space is left there",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "permission denied",
  EROFS: "permission denied",
};

/** Reads a text of one JSON object; `path` says in errors where it stands. */
export function parseJsonObject(text: string, path: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the file, so it is no cause either.
    throw invalidConfig(path, "expected JSON");
  }
  if (!isObject(value)) throw invalidConfig(path, "expected a JSON object");
  return value;
}

/** The file behind symbolic links, which need not exist. */
async function followLinks(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      target = resolve(dirname(target), await readlink(target));
    } catch (error) {
      // EINVAL: no link; ENOENT: not there yet.
      const code = isSystemError(error) ? error.code : undefined;
      if (code === "EINVAL" || code === "ENOENT" || code === "UNKNOWN") {
        return target;
      }
      throw error;
    }
  }
  throw new CredentialError(
    "CREDENTIAL_CONFIG_UNWRITABLE",
    `Cannot change ${path}: its symbolic links go in a circle`,
  );
}

function lockedConfig(lock: string): CredentialError {
  return new CredentialError(
    "CREDENTIAL_CONFIG_LOCKED",
    `Cannot change credentials: ${lock} is held by another process`,
    { hint: "Remove that file if no other process is at work" },
  );
}

async function replace(
  target: string,
  text: string,
  assertHeld: () => Promise<void>,
): Promise<void> {
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await assertHeld();
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && !(error instanceof CredentialError) &&
    typeof (error as { code?: unknown }).code === "string";
}
