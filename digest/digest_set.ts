import { Digest } from "./digest.ts";
import { DigestAmbiguousError, DigestNotFoundError } from "./errors.ts";

/**
 * Digests that can be found by their first digits, as people type them.
 *
 * Follows the `digestset` of go-digest; a look-up takes logarithmic time.
 *
 * @example Look up and shorten
 * ```ts
 * import { Digest, DigestAmbiguousError, DigestSet } from "@gantry/oci/digest";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const one = Digest.fromEncoded("sha256", `12ab${"0".repeat(60)}`);
 * const two = Digest.fromEncoded("sha256", `12cd${"0".repeat(60)}`);
 * const set = new DigestSet([one, two]);
 *
 * assertEquals(set.lookup("12a"), one);
 * assertEquals(set.lookup("sha256:12c"), two);
 * assertThrows(() => set.lookup("12"), DigestAmbiguousError);
 * assertEquals(set.shorten(two), "12c");
 * ```
 */
export class DigestSet implements Iterable<Digest> {
  /** By algorithm, in the order of the encoded parts. */
  readonly #lists = new Map<string, Digest[]>();
  #size = 0;

  /**
   * Makes a set of some digests.
   *
   * @throws {DigestError} One of them is malformed, or of an algorithm that cannot be computed.
   */
  constructor(digests: Iterable<Digest | string> = []) {
    for (const digest of digests) this.add(digest);
  }

  /** How many digests there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a digest, after all the checks of {@linkcode Digest.parse}.
   *
   * @returns Whether it was not there before.
   * @throws {DigestError} It is malformed, or of an algorithm that cannot be computed.
   */
  add(digest: Digest | string): boolean {
    const added = Digest.parse(String(digest));
    const list = this.#lists.get(added.algorithm) ?? [];
    const index = lowerBound(list, added.encoded);
    if (list[index]?.equals(added)) return false;
    list.splice(index, 0, added);
    this.#lists.set(added.algorithm, list);
    this.#size++;
    return true;
  }

  /**
   * Removes a digest.
   *
   * @returns Whether it was there.
   */
  delete(digest: Digest | string): boolean {
    const { list, index } = this.#find(digest);
    if (index < 0) return false;
    list.splice(index, 1);
    this.#size--;
    return true;
  }

  /** Whether a digest, given whole, is there. */
  has(digest: Digest | string): boolean {
    return this.#find(digest).index >= 0;
  }

  /**
   * Finds the one digest that begins so: with these digits, or with the algorithm,
   * a colon and these digits. Nothing begins with no digits at all.
   *
   * @throws {DigestNotFoundError} None begins so.
   * @throws {DigestAmbiguousError} More than one begins so.
   */
  lookup(prefix: string): Digest {
    const colon = prefix.indexOf(":");
    const digits = prefix.slice(colon + 1);
    const matches = digits === ""
      ? []
      : this.#matches(digits, colon < 0 ? undefined : prefix.slice(0, colon));
    const [first, second] = matches;
    if (first === undefined) throw new DigestNotFoundError(prefix);
    if (second !== undefined) {
      throw new DigestAmbiguousError(prefix, [String(first), String(second)]);
    }
    return first;
  }

  /**
   * The shortest text by which {@linkcode DigestSet.lookup} finds a digest, with
   * at least `length` digits. The algorithm stands before it only where no number
   * of digits can do.
   *
   * @throws {DigestNotFoundError} The digest is not there.
   */
  shorten(digest: Digest | string, length: number = 1): string {
    const { list, index } = this.#find(digest);
    const found = list[index];
    if (found === undefined) throw new DigestNotFoundError(String(digest));
    const { algorithm, encoded } = found;
    const least = Math.min(Math.max(1, length), encoded.length);
    for (const only of [undefined, algorithm]) {
      for (let end = least; end <= encoded.length; end++) {
        const digits = encoded.slice(0, end);
        if (this.#matches(digits, only).length > 1) continue;
        return only === undefined ? digits : `${only}:${digits}`;
      }
    }
    return String(found);
  }

  /** All digests, algorithm by algorithm, each in the order of its digits. */
  *[Symbol.iterator](): IterableIterator<Digest> {
    for (const list of this.#lists.values()) yield* list;
  }

  #find(digest: Digest | string): { list: Digest[]; index: number } {
    const text = String(digest);
    const colon = text.indexOf(":");
    const list = this.#lists.get(text.slice(0, Math.max(0, colon))) ?? [];
    const index = lowerBound(list, text.slice(colon + 1));
    return { list, index: list[index]?.equals(text) ? index : -1 };
  }

  /** Up to two of the digests that begin so, from each algorithm. */
  #matches(digits: string, algorithm: string | undefined): Digest[] {
    const lists = algorithm === undefined
      ? this.#lists.values()
      : [this.#lists.get(algorithm) ?? []];
    const matches: Digest[] = [];
    for (const list of lists) {
      const start = lowerBound(list, digits);
      for (const digest of list.slice(start, start + 2)) {
        if (digest.encoded.startsWith(digits)) matches.push(digest);
      }
    }
    return matches;
  }
}

/** The first place in a sorted list whose digits are not before the given ones. */
function lowerBound(list: readonly Digest[], digits: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.encoded < digits) low = middle + 1;
    else high = middle;
  }
  return low;
}
