/** Metadata as pairs of text. Follows image-spec `annotations.md`. */
export interface Annotations {
  /** A value, which may be empty. */
  readonly [key: string]: string;
}
