import { artifactManifest, type Platform } from "@gantry/oci/image";
import type { WritableStore } from "@gantry/oci/oras";
import { document, fill, image } from "./stores/_graphs.ts";
import { EMPTY } from "./stores/_suite.ts";

/** The platforms of the images. */
export const PLATFORMS: readonly Platform[] = [
  { architecture: "amd64", os: "linux" },
  { architecture: "arm", os: "linux", variant: "v7" },
  {
    architecture: "amd64",
    os: "windows",
    "os.version": "10.0.1",
    "os.features": ["win32k"],
  },
];

/** Two images and more, tagged, in a layout or in memory. */
export async function prepare(store: WritableStore): Promise<void> {
  for (const [index, platform] of PLATFORMS.entries()) {
    const pieces = await image(platform, [`layer ${index}`]);
    await fill(store, pieces);
    await store.tag(pieces.at(-1)!.descriptor, `image${index}`);
  }
  const artifact = await document(
    artifactManifest({ artifactType: "application/vnd.example" }),
  );
  await fill(store, [EMPTY, artifact]);
  await store.tag(artifact.descriptor, "artifact");
}
