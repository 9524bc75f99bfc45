/**
 * What a registry turned out to support, as far as that is known.
 *
 * A client begins with what it is told and learns the rest from answers; it never
 * unlearns, so that what a caller sets stays. Each member is undefined until it is
 * known.
 */
export interface Capabilities {
  /**
   * Whether it lists referrers by itself (distribution-spec, end-12). Where not, the
   * index under the referrers tag is read, and kept up to date by the client.
   */
  referrers?: boolean | undefined;
  /** Whether it takes several tags with one push (distribution-spec, end-7b). */
  multipleTags?: boolean | undefined;
  /** Whether it looks by itself for a blob to mount, where no repository is named (distribution-spec, end-11). */
  mountWithoutFrom?: boolean | undefined;
  /** Whether it takes a blob with one `POST` (distribution-spec, end-4b). */
  singlePost?: boolean | undefined;
  /** Whether it takes a blob in parts by `PATCH` (distribution-spec, end-5). */
  parts?: boolean | undefined;
  /** The largest body of one request that it did not refuse for its size, in bytes. */
  maxBodySize?: number | undefined;
}

/** Keeps what was learned, unless it is known already. */
export function learn<Name extends keyof Capabilities>(
  capabilities: Capabilities,
  name: Name,
  value: Capabilities[Name],
): void {
  capabilities[name] ??= value;
}
