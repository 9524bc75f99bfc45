import type { Schema1Manifest } from "@gantry/oci/image";

/** The layer's digest in {@linkcode manifest}. */
export const DIGEST =
  "sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270";

/** What gets signed in these tests. */
export const manifest: Schema1Manifest = {
  schemaVersion: 1,
  name: "team/app",
  tag: "v1",
  architecture: "amd64",
  fsLayers: [{ blobSum: DIGEST }],
  history: [{ v1Compatibility: '{"id":"a","comment":"<&>"}' }],
};
