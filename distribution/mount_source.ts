/** Another repository of the same registry that may hold a blob. */
export interface MountSource {
  /** The repository's name, without the registry. */
  readonly from: string;
}
