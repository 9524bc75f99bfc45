import { readBounded } from "../_body.ts";

/** Bodies up to this size are read at once, so that no answer need be cancelled for the sake of its connection. */
const MAX_HELD_SIZE = 64 * 1024;

/** Reads a body whose length is told, and small; undefined where it is not. */
export async function readHeld(
  response: Response,
  action: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const length = response.headers.get("content-length");
  if (response.body === null || length === null) return undefined;
  if (!(Number(length) <= MAX_HELD_SIZE)) return undefined;
  return await readBounded(response, MAX_HELD_SIZE, action);
}
