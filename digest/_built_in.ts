import type { AlgorithmDefinition, KnownAlgorithm } from "./algorithm.ts";
import { nodeHasher } from "./_node_hasher.ts";
import { portableHasher, type WebName } from "./_portable_hasher.ts";

/** The algorithms of image-spec `descriptor.md` §Registered algorithms, and sha384. */
export const BUILT_IN: readonly AlgorithmDefinition[] = [
  sha2("sha256", 64, "SHA-256"),
  sha2("sha384", 96, "SHA-384"),
  sha2("sha512", 128, "SHA-512"),
];

function sha2(
  name: KnownAlgorithm,
  hexLength: number,
  webName: WebName,
): AlgorithmDefinition {
  const createHasher = () => nodeHasher(name) ?? portableHasher(webName);
  return Object.freeze({ name, hexLength, createHasher });
}
