/** The machine that content is for. Follows image-spec `image-index.md`. */
export interface Platform {
  /** The processor, by Go's names: `amd64`, `arm64`, … */
  readonly architecture: string;
  /** The operating system, by Go's names: `linux`, `windows`, … */
  readonly os: string;
  /** The operating system's version. */
  readonly "os.version"?: string;
  /** What the operating system must offer. */
  readonly "os.features"?: readonly string[];
  /** The processor's variant, such as `v7` of `arm`. */
  readonly variant?: string;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}
