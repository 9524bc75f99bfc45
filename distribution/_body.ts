import type { ErrorInfo } from "./errors.ts";
import { ProtocolError } from "./errors.ts";

/** The most that is read of a manifest, a page of tags, and other metadata: 4 MiB. */
export const MAX_METADATA_SIZE: number = 4 * 1024 * 1024;
/** The most that is read of an error body: 64 KiB. */
const MAX_ERROR_SIZE = 64 * 1024;

/**
 * Reads a body of at most `limit` bytes, and counts while it reads: the header
 * that announces a length is not to be trusted.
 *
 * @throws {ProtocolError} The body is larger; the rest of it is not read.
 */
export async function readBounded(
  response: Response,
  limit: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > limit) {
      throw new ProtocolError(
        "BODY_TOO_LARGE",
        `Cannot read ${what}: it is larger than ${limit} bytes`,
      );
    }
    chunks.push(chunk);
  }
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** Reads a body of JSON of at most 4 MiB. */
export async function readJson(
  response: Response,
  what: string,
): Promise<unknown> {
  const bytes = await readBounded(response, MAX_METADATA_SIZE, what);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ProtocolError(
      "BODY_INVALID",
      `Cannot read ${what}: the registry answered ${response.status} with a body that is not JSON`,
      { cause },
    );
  }
}

/**
 * The problems in an error body, and none where it holds nothing of the sort: many
 * registries and proxies answer with HTML.
 */
export async function readErrors(response: Response): Promise<ErrorInfo[]> {
  try {
    const bytes = await readBounded(response, MAX_ERROR_SIZE, "error body");
    const body = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(body?.errors)) return [];
    return body.errors.filter((entry: unknown): entry is ErrorInfo =>
      typeof (entry as ErrorInfo | null)?.code === "string"
    ).map((entry: ErrorInfo) => ({
      code: entry.code,
      ...(typeof entry.message === "string" ? { message: entry.message } : {}),
      ...(entry.detail === undefined ? {} : { detail: entry.detail }),
    }));
  } catch {
    return [];
  }
}
