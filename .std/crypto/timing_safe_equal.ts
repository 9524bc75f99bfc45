import { timingSafeEqual as upstream } from "deno-std/crypto/timing_safe_equal.js";

/** Compares two equally long byte sequences in constant time. */
export function timingSafeEqual(
  a: ArrayBufferView | ArrayBufferLike | DataView,
  b: ArrayBufferView | ArrayBufferLike | DataView,
): boolean {
  return upstream(a, b);
}
