import { toBytes as upstream } from "deno-std/streams/to_bytes.js";

/** Reads a whole stream into one array. */
export function toBytes(
  stream: ReadableStream<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  return upstream(stream);
}
