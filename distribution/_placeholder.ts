import { Digest } from "../digest/digest.ts";
import { artifactManifest } from "../image/artifact_manifest.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "../image/empty_content.ts";
import { encodeJson } from "../image/encode_json.ts";
import { type MediaType, MediaTypes } from "../image/media_type.ts";

/** A manifest that a tag is moved to, to be deleted with it. No other has its digest. */
export interface Placeholder {
  /** Its digest. */
  readonly digest: string;
  /** Its media type. */
  readonly mediaType: MediaType;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The config that it points at, and its bytes. */
  readonly config: readonly [Descriptor, Uint8Array<ArrayBuffer>];
}

/**
 * Makes a placeholder for a tag, of docker's types where the tag's manifest is of
 * these: a registry may know no others.
 */
export async function makePlaceholder(
  tag: string,
  current: Descriptor,
): Promise<Placeholder> {
  // Whoever finds it learns what it is, and what the tag pointed at.
  const annotations = {
    "org.opencontainers.image.title": `placeholder of tag ${tag}`,
    "org.opencontainers.image.description":
      `The tag ${tag} is being deleted. It pointed at ${current.digest}.`,
    "vnd.gantry.placeholder": crypto.randomUUID(),
  };
  return current.mediaType.startsWith("application/vnd.docker.")
    ? await dockerPlaceholder(annotations)
    : await placeholder(
      MediaTypes.manifest,
      artifactManifest({
        artifactType: "application/vnd.gantry.placeholder.v1",
        annotations,
      }),
      [EMPTY_DESCRIPTOR, EMPTY_CONTENT],
    );
}

/** Docker's manifests have no annotations; its configs have labels. */
async function dockerPlaceholder(
  labels: Readonly<Record<string, string>>,
): Promise<Placeholder> {
  const bytes = encodeJson({
    architecture: "amd64",
    os: "linux",
    config: { Labels: labels },
    rootfs: { type: "layers", diff_ids: [] },
  });
  const config = {
    mediaType: MediaTypes.dockerConfig,
    digest: String(await Digest.fromBytes(bytes)),
    size: bytes.byteLength,
  };
  return await placeholder(
    MediaTypes.dockerManifest,
    {
      schemaVersion: 2,
      mediaType: MediaTypes.dockerManifest,
      config,
      layers: [],
    },
    [config, bytes],
  );
}

async function placeholder(
  mediaType: MediaType,
  manifest: object,
  config: Placeholder["config"],
): Promise<Placeholder> {
  const bytes = encodeJson(manifest);
  const digest = String(await Digest.fromBytes(bytes));
  return { digest, mediaType, bytes, config };
}
