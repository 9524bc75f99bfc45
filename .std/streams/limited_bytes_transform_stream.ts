import { LimitedBytesTransformStream as Upstream } from "deno-std/streams/limited_bytes_transform_stream.js";

/** Options of {@linkcode LimitedBytesTransformStream}. */
export interface LimitedBytesTransformStreamOptions {
  /** Fail with a `RangeError` at the limit instead of ending. */
  error?: boolean;
}

/** A pass-through that ends, or fails, once `size` bytes would be exceeded. */
export const LimitedBytesTransformStream: new (
  size: number,
  options?: LimitedBytesTransformStreamOptions,
) => TransformStream<Uint8Array, Uint8Array> = Upstream;
