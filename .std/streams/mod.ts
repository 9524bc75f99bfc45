/**
 * `@std/streams` for networks that reach the npm registry but not JSR.
 *
 * @module
 */
export * from "./to_bytes.ts";
export * from "./to_text.ts";
export * from "./limited_bytes_transform_stream.ts";
