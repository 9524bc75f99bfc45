import { BUILT_IN } from "./_built_in.ts";
import type { RawHasher } from "./raw_hasher.ts";

/** The algorithms that are always available. */
export type KnownAlgorithm = "sha256" | "sha384" | "sha512";

/**
 * The name of a digest algorithm, as it stands before the colon.
 *
 * The three in the union are built in; the type is open because others can be
 * registered, and a digest of yet another can be carried without being computed.
 */
export type Algorithm = KnownAlgorithm | (string & Record<never, never>);

/** What is known of an algorithm. */
export interface AlgorithmInfo {
  /** The name before the colon, as `sha256`. */
  readonly name: Algorithm;
  /** Length of the encoded part in lower-case hex digits: two for each byte. */
  readonly hexLength: number;
}

/** An algorithm as {@linkcode registerAlgorithm} takes it. */
export interface AlgorithmDefinition extends AlgorithmInfo {
  /** Makes what computes one digest. */
  createHasher(): RawHasher;
}

/** The algorithm of a new digest where none is named: `sha256`, which every registry must know. */
export const CANONICAL_ALGORITHM = "sha256";

/** The grammar of image-spec `descriptor.md` §Digests for the part before the colon. */
export const ALGORITHM_PATTERN = "[a-z0-9]+(?:[+._-][a-z0-9]+)*";

const NAME = new RegExp(`^${ALGORITHM_PATTERN}$`);

const algorithms = new Map<string, AlgorithmDefinition>(
  BUILT_IN.map((definition) => [definition.name, definition]),
);

/**
 * Makes an algorithm available, everywhere in this process and from now on: to
 * {@linkcode Digest.parse}, to references, clients and registries, to every
 * check of content.
 *
 * This table is the one piece of state that the package shares, as in go-digest:
 * a digest's text says which algorithm it needs, wherever such a text turns up,
 * and handing a table to each of these places would make every signature longer.
 * To keep that harmless, algorithms can be added but neither replaced nor taken
 * away: a digest never changes its meaning. Leave registering to the application,
 * and register only what is collision-resistant; whatever is registered is
 * trusted when a server offers it.
 *
 * @returns Whether it is new: `false` where the name is already taken, and then nothing changes.
 * @throws {TypeError} The name does not fit the grammar of image-spec `descriptor.md` §Digests.
 * @throws {RangeError} `hexLength` is not a positive even integer.
 *
 * @example Register BLAKE3
 * ```ts
 * import { BLAKE3, Digest, registerAlgorithm } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * registerAlgorithm(BLAKE3);
 * const digest = await Digest.fromString("", { algorithm: "blake3" });
 * assertEquals(digest.encoded.slice(0, 12), "af1349b9f5f9");
 * ```
 *
 * @example Register an algorithm of node:crypto
 * ```ts
 * import { createHash } from "node:crypto";
 * import { Digest, registerAlgorithm } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const isNew = registerAlgorithm({
 *   name: "sha512-256",
 *   hexLength: 64,
 *   createHasher() {
 *     const hash = createHash("sha512-256");
 *     return {
 *       update: (chunk) => void hash.update(chunk),
 *       digest: () => hash.digest("hex"),
 *     };
 *   },
 * });
 * assertEquals(isNew, true);
 * const digest = await Digest.fromString("abc", { algorithm: "sha512-256" });
 * assertEquals(digest.encoded.slice(0, 12), "53048e268194");
 * ```
 */
export function registerAlgorithm(definition: AlgorithmDefinition): boolean {
  const { name, hexLength } = definition;
  if (!NAME.test(name)) {
    throw new TypeError(
      `Cannot register algorithm ${JSON.stringify(name)}: ` +
        "expected lower-case letters and digits, in parts joined by one of + . _ -",
    );
  }
  if (
    !Number.isSafeInteger(hexLength) || hexLength <= 0 || hexLength % 2 !== 0
  ) {
    throw new RangeError(
      `Cannot register algorithm "${name}": ` +
        `expected a positive even hexLength, found ${hexLength}`,
    );
  }
  if (algorithms.has(name)) return false;
  // A copy, so that nobody can change it afterwards.
  const createHasher = () => definition.createHasher();
  algorithms.set(name, Object.freeze({ name, hexLength, createHasher }));
  return true;
}

/**
 * What is known of an algorithm, or undefined where it cannot be computed.
 *
 * @example Ask whether an algorithm is available
 * ```ts
 * import { algorithmInfo } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(algorithmInfo("sha384")?.hexLength, 96);
 * assertEquals(algorithmInfo("md5"), undefined);
 * ```
 */
export function algorithmInfo(name: string): AlgorithmInfo | undefined {
  return algorithms.get(name);
}

/**
 * The names of all algorithms that can be computed, the built-in ones first.
 *
 * @example
 * ```ts
 * import { listAlgorithms } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(listAlgorithms().slice(0, 3), ["sha256", "sha384", "sha512"]);
 * ```
 */
export function listAlgorithms(): Algorithm[] {
  return [...algorithms.keys()];
}

/** What computes digests of an algorithm, or undefined where nothing does. */
export function createRawHasher(name: string): RawHasher | undefined {
  return algorithms.get(name)?.createHasher();
}
