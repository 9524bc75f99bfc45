/**
 * The writing half of `@std/tar` for networks that reach the npm registry but
 * not JSR, adapted from `npm:modern-tar`.
 *
 * @module
 */
export * from "./tar_stream.ts";
