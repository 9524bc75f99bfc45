import type { Source } from "../../distribution/source.ts";
import type { Digest } from "../../digest/digest.ts";
import { hashLocal, streamLocal } from "./_local_file.ts";

/** A file that a command names, hashed, and open to be read again. */
export interface LocalSource extends AsyncDisposable {
  /** Its digest. */
  readonly digest: Digest;
  /** Its size in bytes. */
  readonly size: number;
  /** Its content. */
  readonly source: Source;
}

/**
 * Hashes a file that a command names. What comes from stdin is kept in a temporary
 * file until this is disposed of, because it may have to be sent more than once.
 */
export async function openLocalSource(
  path: string,
  signal: AbortSignal,
): Promise<LocalSource> {
  if (path !== "-") return await hashed(path, signal, () => Promise.resolve());
  const temporary = await Deno.makeTempFile({ prefix: "gantry-" });
  const drop = () => Deno.remove(temporary);
  try {
    await Deno.writeFile(temporary, await streamLocal("-", signal), {
      signal,
    });
    return await hashed(temporary, signal, drop);
  } catch (error) {
    await drop();
    throw error;
  }
}

async function hashed(
  path: string,
  signal: AbortSignal,
  drop: () => Promise<void>,
): Promise<LocalSource> {
  const { fileSource } = await import("../node/file_source.ts");
  // Before it is hashed, so that a change meanwhile is noticed.
  const source = await fileSource(path);
  const { digest, size } = await hashLocal(path, "sha256", signal);
  return { digest, size, source, [Symbol.asyncDispose]: drop };
}
