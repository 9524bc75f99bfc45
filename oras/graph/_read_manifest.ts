import { readAll } from "../../distribution/_read_all.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import { MediaTypes } from "../../image/media_type.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import type { ManifestContent } from "../../image/manifest_content.ts";
import { parseManifest } from "../../image/manifest_content.ts";
import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import { ArtifactError } from "../errors.ts";
import { can, type Fetcher, type ReadableStore } from "../store.ts";
import { inlineContent } from "./_inline.ts";

/**
 * Reads a manifest from a store, verified.
 *
 * @throws {ArtifactError} `ARTIFACT_UNSUPPORTED`: it is too large, or of Docker's schema 1, whose layers have no sizes.
 * @throws {ValidationError | JsonError} It is no manifest.
 */
export async function readManifest(
  store: Fetcher,
  descriptor: Descriptor,
  { signal }: SignalOptions,
): Promise<ManifestContent> {
  const { digest, size } = descriptor;
  const tooLarge = () =>
    new ArtifactError(
      "ARTIFACT_UNSUPPORTED",
      `Cannot read manifest ${digest}: ${size} bytes are more than ${MAX_MANIFEST_SIZE}`,
    );
  if (size > MAX_MANIFEST_SIZE) throw tooLarge();
  const bytes = await inlineContent(descriptor) ?? await readAll(
    await store.fetch(descriptor, { signal }),
    MAX_MANIFEST_SIZE,
    tooLarge,
  );
  return parsed(descriptor, bytes);
}

/**
 * Reads the manifest that a tag or digest names, verified.
 *
 * @throws {StoreError | NotFoundError} There is none.
 * @throws {ArtifactError} `ARTIFACT_UNSUPPORTED`: it is too large, or of Docker's schema 1.
 * @throws {ValidationError | JsonError} It is no manifest.
 */
export async function resolveManifest(
  store: ReadableStore,
  reference: string,
  { signal }: SignalOptions,
): Promise<ManifestContent> {
  if (can(store, "fetchManifest")) {
    const { bytes, descriptor } = await store.fetchManifest(reference, {
      signal,
    });
    return parsed(descriptor, bytes);
  }
  const descriptor = await store.resolve(reference, { signal });
  return await readManifest(store, descriptor, { signal });
}

/** A manifest with its bytes that have been verified. */
export function parsed(
  descriptor: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
): ManifestContent {
  const { digest, mediaType } = descriptor;
  if (
    mediaType === MediaTypes.dockerSchema1 ||
    mediaType === MediaTypes.dockerSchema1Signed
  ) {
    throw new ArtifactError(
      "ARTIFACT_UNSUPPORTED",
      `Cannot follow manifest ${digest}: Docker's schema 1 does not tell the sizes of its layers`,
      { hint: "Docker and containerd no longer make such images" },
    );
  }
  return { descriptor, bytes, value: parseManifest(bytes, { mediaType }) };
}
