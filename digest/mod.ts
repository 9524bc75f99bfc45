/**
 * Content identifiers: parse and compute digests, hash content that arrives in
 * pieces, and check streams against what they should hold.
 *
 * ```ts
 * import { Digest } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const digest = await Digest.fromString("hello");
 * assertEquals(`${digest}`, "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
 * ```
 *
 * @module
 */
export {
  type Algorithm,
  type AlgorithmDefinition,
  type AlgorithmInfo,
  algorithmInfo,
  CANONICAL_ALGORITHM,
  type KnownAlgorithm,
  listAlgorithms,
  registerAlgorithm,
} from "./algorithm.ts";
export { BLAKE3 } from "./blake3.ts";
export { Digest, DIGEST_PATTERN, type DigestOptions } from "./digest.ts";
export { DigestSet } from "./digest_set.ts";
export {
  ContentError,
  type ContentErrorCode,
  DigestAmbiguousError,
  DigestError,
  type DigestErrorCode,
  DigestInvalidFormatError,
  DigestInvalidLengthError,
  DigestMismatchError,
  DigestNotFoundError,
  DigestUnsupportedError,
  SizeMismatchError,
} from "./errors.ts";
export { createHasher, type Hasher } from "./hasher.ts";
export { OciError, type OciErrorOptions } from "./oci_error.ts";
export type { RawHasher } from "./raw_hasher.ts";
export { createVerifier, type Verifier } from "./verifier.ts";
export { type ExpectedContent, verifyStream } from "./verify_stream.ts";
