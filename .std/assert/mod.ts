// deno-lint-ignore-file no-explicit-any
/**
 * `@std/assert` for networks that reach the npm registry but not JSR: the same
 * upstream code from `npm:deno-std`, given back the types it lost there.
 * Only what this project's tests use is exported.
 *
 * @module
 */
import * as upstream from "deno-std/assert/mod.js";

type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  upstream.assert(expr, msg);
}
/** Asserts that `expr` is falsy. */
export function assertFalse(expr: unknown, msg = ""): void {
  upstream.assertFalse(expr, msg);
}
/** Asserts deep equality. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  upstream.assertEquals(actual, expected, msg);
}
/** Asserts deep inequality. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  upstream.assertNotEquals(actual, expected, msg);
}
/** Asserts identity. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  upstream.assertStrictEquals(actual, expected, msg);
}
/** Asserts that a value is neither null nor undefined. */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  upstream.assertExists(actual, msg);
}
/** Asserts that `actual` is an instance of `expectedType`. */
export function assertInstanceOf<
  T extends abstract new (...args: any[]) => any,
>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  upstream.assertInstanceOf(actual, expectedType, msg);
}
/** Asserts that `actual` contains `expected`. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  upstream.assertStringIncludes(actual, expected, msg);
}
/** Asserts that `actual` contains all of `expected`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void {
  upstream.assertArrayIncludes(actual, expected, msg);
}
/** Asserts that `actual` matches `expected`. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  upstream.assertMatch(actual, expected, msg);
}
/** Asserts that `actual` does not match `expected`. */
export function assertNotMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  upstream.assertNotMatch(actual, expected, msg);
}
/** Asserts that `expected` is a subset of `actual`. */
export function assertObjectMatch(
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  upstream.assertObjectMatch(actual, expected, msg);
}
/** Asserts `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  upstream.assertGreater(actual, expected, msg);
}
/** Asserts `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  upstream.assertGreaterOrEqual(actual, expected, msg);
}
/** Asserts `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  upstream.assertLess(actual, expected, msg);
}
/** Asserts `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  upstream.assertLessOrEqual(actual, expected, msg);
}
/** Asserts that `fn` throws, and returns the error. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that `fn` throws a given class of error, and returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(fn: () => unknown, ...rest: unknown[]): unknown {
  return upstream.assertThrows(fn, ...rest);
}
/** Asserts that `fn` rejects, and resolves with the error. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Asserts that `fn` rejects with a given class of error, and resolves with it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  ...rest: unknown[]
): Promise<unknown> {
  return upstream.assertRejects(fn, ...rest);
}
/** Fails at once. */
export function fail(msg?: string): never {
  return upstream.fail(msg) as never;
}
