import { readAll } from "./_read_all.ts";
import { ProtocolError } from "./errors.ts";

/** The most that is read of a manifest, a page of tags, and other metadata: 4 MiB. */
export const MAX_METADATA_SIZE: number = 4 * 1024 * 1024;

/**
 * Reads a body of at most `limit` bytes.
 *
 * @throws {ProtocolError} The body is larger; the rest of it is not read.
 */
export async function readBounded(
  response: Response,
  limit: number,
  action: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  return await readAll(response.body, limit, () =>
    new ProtocolError(
      "BODY_TOO_LARGE",
      `${action}: the body is larger than ${limit} bytes`,
    ));
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
  } catch (cause) {
    throw new ProtocolError(
      "BODY_INVALID",
      `${action}: the registry answered ${response.status} with a body that is not JSON`,
      { cause },
    );
  }
}
