import { toText as upstream } from "deno-std/streams/to_text.js";

/** Reads a whole stream as text. */
export function toText(stream: ReadableStream): Promise<string> {
  return upstream(stream);
}
