/**
 * `@std/encoding` for networks that reach the npm registry but not JSR.
 *
 * @module
 */
export * from "./hex.ts";
export * from "./base64.ts";
export * from "./base64url.ts";
