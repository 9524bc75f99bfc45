/** The algorithms that are always available. */
export type KnownAlgorithm = "sha256" | "sha384" | "sha512";

/**
 * The name of a digest algorithm, as it stands before the colon.
 *
 * The three in the union are built in; the type is open because a digest of
 * another algorithm can be carried without being computed.
 */
export type Algorithm = KnownAlgorithm | (string & Record<never, never>);

/** What is to be known of an algorithm to check its digests. */
export interface AlgorithmInfo {
  /** Length of the encoded part in lower-case hex digits. */
  readonly hexLength: number;
  /** The algorithm's name in Web Crypto and `@std/crypto`. */
  readonly webName: "SHA-256" | "SHA-384" | "SHA-512";
}

const ALGORITHMS: Readonly<Record<KnownAlgorithm, AlgorithmInfo>> = {
  sha256: { hexLength: 64, webName: "SHA-256" },
  sha384: { hexLength: 96, webName: "SHA-384" },
  sha512: { hexLength: 128, webName: "SHA-512" },
};

/** The algorithm of a new digest where none is named: `sha256`, which every registry must know. */
export const CANONICAL_ALGORITHM = "sha256";

/** What is known of an algorithm, or undefined where it cannot be computed. */
export function algorithmInfo(name: string): AlgorithmInfo | undefined {
  return Object.hasOwn(ALGORITHMS, name)
    ? ALGORITHMS[name as KnownAlgorithm]
    : undefined;
}
