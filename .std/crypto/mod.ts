/**
 * `@std/crypto` for networks that reach the npm registry but not JSR. The npm
 * copy of the upstream code lacks its Wasm files, so that the digests come from
 * `@noble/hashes` here.
 *
 * @module
 */
export * from "./crypto.ts";
export * from "./timing_safe_equal.ts";
