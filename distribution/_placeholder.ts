import { Digest } from "../digest/digest.ts";
import { artifactManifest } from "../image/artifact_manifest.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "../image/empty_content.ts";
import { encodeJson } from "../image/encode_json.ts";
import { type MediaType, MediaTypes } from "../image/media_type.ts";
import { parseJson } from "../image/parse_json.ts";
import type { RawManifest } from "./manifests.ts";

/** A manifest that a tag is moved to, to be deleted with it. No other has its digest. */
export interface Placeholder {
  /** Its digest. */
  readonly digest: string;
  /** Its media type. */
  readonly mediaType: MediaType;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What it points at. */
  readonly blobs: readonly (readonly [Descriptor, Uint8Array<ArrayBuffer>])[];
}

/** The types of an image's parts. */
interface ImageTypes {
  readonly manifest: MediaType;
  readonly config: MediaType;
  readonly layer: MediaType;
}

const OCI: ImageTypes = {
  manifest: MediaTypes.manifest,
  config: MediaTypes.config,
  layer: MediaTypes.layerGzip,
};
const DOCKER: ImageTypes = {
  manifest: MediaTypes.dockerManifest,
  config: MediaTypes.dockerConfig,
  layer: MediaTypes.dockerLayerGzip,
};

/**
 * Makes a placeholder for a tag: an artifact where the tag points at one, and else an
 * image, of docker's types where it is one of docker's. A registry may take no others.
 */
export async function makePlaceholder(
  tag: string,
  { bytes, descriptor: { digest, mediaType } }: RawManifest,
): Promise<Placeholder> {
  // Whoever finds it learns what it is, and what the tag pointed at.
  const words = {
    "org.opencontainers.image.title": `placeholder of tag ${tag}`,
    "org.opencontainers.image.description":
      `The tag ${tag} is being deleted. It pointed at ${digest}.`,
    "vnd.gantry.placeholder": crypto.randomUUID(),
  };
  if (mediaType.startsWith("application/vnd.docker.")) {
    return await image(DOCKER, words);
  }
  if (!isArtifact(mediaType, bytes)) return await image(OCI, words);
  const manifest = artifactManifest({
    artifactType: "application/vnd.gantry.placeholder.v1",
    annotations: words,
  });
  return await placeholder(MediaTypes.manifest, manifest, []);
}

/** Whether a manifest is one of an artifact: whose config is none of an image. */
function isArtifact(
  mediaType: string,
  bytes: Uint8Array<ArrayBuffer>,
): boolean {
  if (mediaType !== MediaTypes.manifest) return false;
  try {
    const { config } = parseJson(bytes) as { config?: Partial<Descriptor> };
    return config?.mediaType !== MediaTypes.config;
  } catch {
    return false;
  }
}

/** An image that tells in labels what it is, as docker's manifests have no annotations. */
async function image(
  types: ImageTypes,
  labels: Readonly<Record<string, string>>,
): Promise<Placeholder> {
  const { digest, size } = EMPTY_DESCRIPTOR;
  const bytes = encodeJson({
    architecture: "amd64",
    os: "linux",
    config: { Labels: labels },
    rootfs: { type: "layers", diff_ids: [digest] },
  });
  const config = {
    mediaType: types.config,
    digest: String(await Digest.fromBytes(bytes)),
    size: bytes.byteLength,
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config,
    layers: [{ mediaType: types.layer, digest, size }],
    ...types === OCI && { annotations: labels },
  };
  return await placeholder(types.manifest, manifest, [[config, bytes]]);
}

async function placeholder(
  mediaType: MediaType,
  manifest: object,
  blobs: Placeholder["blobs"],
): Promise<Placeholder> {
  const bytes = encodeJson(manifest);
  const digest = String(await Digest.fromBytes(bytes));
  return {
    digest,
    mediaType,
    bytes,
    blobs: [...blobs, [EMPTY_DESCRIPTOR, EMPTY_CONTENT]],
  };
}
