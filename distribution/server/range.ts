import type { ByteRange } from "./storage.ts";

/**
 * Reads a `Range` header against content of a given size.
 *
 * Gives the range to send, `"unsatisfiable"` for 416, and undefined where the
 * header is to be ignored: another unit, several ranges, or no valid syntax
 * (RFC 9110 §14.2 lets a server ignore them). A range whose end lies before its
 * start is answered with 416 too, so that a client's mistake does not cost the
 * whole blob.
 */
export function parseRange(
  header: string | null,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return start >= size || start >= end ? "unsatisfiable" : { start, end };
}

/** What a `Content-Range` of an upload's chunk says: both ends inclusive. */
export interface ChunkRange {
  /** The first byte. */
  readonly start: number;
  /** The last byte. */
  readonly last: number;
}

/**
 * Reads the `Content-Range` of a chunk: `<start>-<last>`, with no unit
 * (distribution-spec R33). Gives undefined for anything else.
 */
export function parseChunkRange(header: string): ChunkRange | undefined {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(header);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const last = Number(match[2]);
  return last < start ? undefined : { start, last };
}
