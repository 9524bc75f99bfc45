/**
 * The methods of the distribution specification, and `OPTIONS`.
 *
 * @example
 * ```ts
 * import { METHODS } from "@gantry/oci/distribution/reggie";
 * import { assert } from "@std/assert";
 *
 * assert(METHODS.includes("PATCH"));
 * ```
 */
export const METHODS = [
  "GET",
  "PUT",
  "PATCH",
  "DELETE",
  "POST",
  "HEAD",
  "OPTIONS",
] as const;

/** One of {@linkcode METHODS}, in capitals. */
export type Method = typeof METHODS[number];

/** Gives the method back, if it is one. */
export function checkMethod(method: string): Method {
  for (const known of METHODS) if (known === method) return known;
  throw new TypeError(
    `Cannot make a request: expected one of ${
      METHODS.join(", ")
    } as its method, found ${JSON.stringify(method)}`,
  );
}
