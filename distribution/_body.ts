import { readAll } from "./_read_all.ts";
import { ProtocolError } from "./errors.ts";

/** The most that is read of a manifest, a page of tags, and other metadata: 4 MiB. */
export const MAX_METADATA_SIZE: number = 4 * 1024 * 1024;

/**
 * Reads a body of at most `limit` bytes, and undoes the compression that some registries
 * apply although none was asked for. Digests are of what is inside.
 *
 * @throws {ProtocolError} The body is larger, compressed or not, or is compressed badly;
 * the rest of it is not read.
 */
export async function readBounded(
  response: Response,
  limit: number,
  action: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const tooLong = () => bodyTooLarge(action, limit);
  const bytes = await readAll(response.body, limit, tooLong);
  // The header stays where a runtime has decoded the body, and no JSON begins like this.
  if (!isGzip(response) || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await readAll(
      new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")),
      limit,
      tooLong,
    );
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError(
      "BODY_INVALID",
      `${action}: the registry answered ${response.status} with a body that is not the gzip that it says`,
      { cause },
    );
  }
}

/** A body that is larger than what is read of it. */
export function bodyTooLarge(action: string, limit: number): ProtocolError {
  return new ProtocolError(
    "BODY_TOO_LARGE",
    `${action}: the body is larger than ${limit} bytes`,
  );
}

function isGzip({ headers }: Response): boolean {
  return /^(?:x-)?gzip$/i.test(headers.get("content-encoding")?.trim() ?? "");
}

/**
 * Reads a body of JSON of at most 4 MiB.
 *
 * @throws {ProtocolError} The body is larger, or is no JSON.
 */
export async function readJson(
  response: Response,
  action: string,
): Promise<unknown> {
  const bytes = await readBounded(response, MAX_METADATA_SIZE, action);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // The parser's own message quotes the body, which may quote the request.
    throw new ProtocolError(
      "BODY_INVALID",
      `${action}: the registry answered ${response.status} with a body that is not JSON`,
    );
  }
}
