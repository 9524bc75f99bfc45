import { Digest } from "../../digest/digest.ts";

/**
 * The identity of a stack of layers, base first, from their DiffIDs: the first
 * one's is itself, and each further one hashes what is below with its own.
 *
 * Follows image-spec `config.md` §Layer ChainID.
 *
 * @returns The ChainID, or undefined where there is no layer.
 *
 * @example
 * ```ts
 * import { chainId } from "@gantry/oci/image/layer";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   await chainId(["sha256:a", "sha256:b"]),
 *   "sha256:970a948bffa8de94d6e22d747ba8c95030e6e546909f98f54e99a13005e173a8",
 * );
 * ```
 */
export async function chainId(
  diffIds: readonly string[],
): Promise<string | undefined> {
  let chain = diffIds[0];
  for (const diffId of diffIds.slice(1)) {
    chain = String(await Digest.fromString(`${chain} ${diffId}`));
  }
  return chain;
}
