/** The media types that this package knows by name. */
export const MediaTypes = {
  /** OCI content descriptor. */
  descriptor: "application/vnd.oci.descriptor.v1+json",
  /** OCI layout marker, `oci-layout`. */
  layoutHeader: "application/vnd.oci.layout.header.v1+json",
  /** OCI image index. */
  index: "application/vnd.oci.image.index.v1+json",
  /** OCI image manifest, of images and of artifacts. */
  manifest: "application/vnd.oci.image.manifest.v1+json",
  /** OCI image configuration. */
  config: "application/vnd.oci.image.config.v1+json",
  /** Layer: tar. */
  layer: "application/vnd.oci.image.layer.v1.tar",
  /** Layer: tar, gzip. */
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  /** Layer: tar, zstd. */
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  /** Layer that must not be distributed: tar. Deprecated by the specification. */
  nondistributableLayer:
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
  /** Layer that must not be distributed: tar, gzip. Deprecated by the specification. */
  nondistributableLayerGzip:
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  /** Layer that must not be distributed: tar, zstd. Deprecated by the specification. */
  nondistributableLayerZstd:
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
  /** The two bytes `{}`. */
  empty: "application/vnd.oci.empty.v1+json",
  /** Docker image manifest, version 2 schema 2. */
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  /** Docker manifest list. */
  dockerManifestList:
    "application/vnd.docker.distribution.manifest.list.v2+json",
  /** Docker image configuration. */
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  /** Docker layer: tar, gzip. */
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  /** Docker layer from elsewhere: tar, gzip. */
  dockerForeignLayerGzip:
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  /** Docker plugin configuration. */
  dockerPluginConfig: "application/vnd.docker.plugin.v1+json",
  /** Docker manifest, version 2 schema 1, unsigned. */
  dockerSchema1: "application/vnd.docker.distribution.manifest.v1+json",
  /** Docker manifest, version 2 schema 1, signed. */
  dockerSchema1Signed:
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
  /** What a file's content is where nothing is known. */
  octetStream: "application/octet-stream",
  /** The config of an artifact whose config type is not given. */
  unknownConfig: "application/vnd.unknown.config.v1+json",
  /** The type of an artifact that does not say. */
  unknownArtifact: "application/vnd.unknown.artifact.v1",
} as const;

/** A media type: one of those known by name, or any other of RFC 6838. */
export type MediaType =
  | (typeof MediaTypes)[keyof typeof MediaTypes]
  | (string & Record<never, never>);
