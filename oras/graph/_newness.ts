/** So many answers that all say no are believed of what was not asked about. */
export const ENOUGH = 6;

/**
 * Decides whether a target is asked for content before it is sent.
 *
 * What does not exist yet can hold nothing, so that asking would be in vain. But an
 * interrupted copy leaves content in a repository that still counts as new: since
 * content is moved in one and the same order, the first pieces would be there. So
 * these are asked for, and all others only where one of them was found.
 */
export class Newness {
  readonly #isNew: boolean;
  #left = ENOUGH;
  #found = false;

  /** `isNew` says whether the target does not exist yet, as far as it knows. */
  constructor(isNew: boolean) {
    this.#isNew = isNew;
  }

  /** Whether the target needs to be asked for the next piece. */
  mustAsk(): boolean {
    if (!this.#isNew || this.#found) return true;
    return this.#left-- > 0;
  }

  /** The target had a piece. */
  found(): void {
    this.#found = true;
  }
}
