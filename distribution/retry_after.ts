/** The three date forms of RFC 9110 §5.6.7: IMF-fixdate, RFC 850, asctime. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|[A-Z][a-z]+, \d{2}-[A-Z][a-z]{2}-\d{2} [\d:]{8} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

/**
 * Reads a `Retry-After` header: the wait in milliseconds, or undefined where the
 * header is missing or malformed.
 *
 * Both forms of RFC 9110 §10.2.3 are read, seconds and a date; a date that has
 * passed is a wait of 0.
 *
 * @param now The time that a date is measured from, in milliseconds since the epoch.
 *
 * @example
 * ```ts
 * import { parseRetryAfter } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseRetryAfter("120"), 120_000);
 * assertEquals(
 *   parseRetryAfter("Thu, 01 Jan 1970 00:01:00 GMT", 15_000),
 *   45_000,
 * );
 * assertEquals(parseRetryAfter("soon"), undefined);
 * ```
 */
export function parseRetryAfter(
  value: string | null | undefined,
  now: number = Date.now(),
): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  if (!HTTP_DATE.test(text)) return undefined;
  // The asctime form names no zone, and means GMT all the same.
  const date = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
