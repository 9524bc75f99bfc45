/** Where else in the same registry a blob may be. */
export interface MountSource {
  /**
   * The repository's name, without the registry.
   *
   * @default {the registry looks for one itself, as far as it does that}
   */
  readonly from?: string | undefined;
}
