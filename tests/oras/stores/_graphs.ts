import { Digest } from "@gantry/oci/digest";
import { toSource } from "@gantry/oci/distribution";
import {
  artifactManifest,
  type Descriptor,
  encodeJson,
  imageIndex,
  type Manifest,
  MediaTypes,
  parseManifestContent,
} from "@gantry/oci/image";
import type { WritableStore } from "@gantry/oci/oras";

/** Content with its descriptor. */
export interface Piece {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A blob of a text. */
export async function blob(
  text: string,
  mediaType: string = MediaTypes.layer,
): Promise<Piece> {
  const bytes = new TextEncoder().encode(text);
  const digest = String(await Digest.fromBytes(bytes));
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
}

/** A document that is serialised as this package does. */
export async function document(value: object): Promise<Piece> {
  const { bytes, descriptor } = await parseManifestContent(encodeJson(value));
  return { descriptor, bytes };
}

/** An image manifest, its config and its layers, children first. */
export async function image(
  config: object,
  layers: readonly string[],
  more: Partial<Manifest> = {},
): Promise<Piece[]> {
  const configPiece = await blob(JSON.stringify(config), MediaTypes.config);
  const pieces = await Promise.all(layers.map((text) => blob(text)));
  const manifest = await document({
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    config: configPiece.descriptor,
    layers: pieces.map(({ descriptor }) => descriptor),
    ...more,
  });
  return [...pieces, configPiece, manifest];
}

/** An index of images for two platforms, which share their first layer; children first. */
export async function multiPlatform(): Promise<Piece[]> {
  const pieces: Piece[] = [];
  const manifests: Descriptor[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const config = { architecture, os: "linux", rootfs: layersOf(2) };
    const made = await image(config, ["base", `layer for ${architecture}`]);
    pieces.push(...made);
    manifests.push({
      ...made.at(-1)!.descriptor,
      platform: { architecture, os: "linux" },
    });
  }
  return [...pieces, await document(imageIndex(manifests))];
}

function layersOf(count: number): object {
  const diff_ids = Array.from(
    { length: count },
    (_, index) => `sha256:${String(index).repeat(64).slice(0, 64)}`,
  );
  return { type: "layers", diff_ids };
}

/** An artifact that says something about another manifest. */
export async function referrer(
  subject: Descriptor,
  artifactType: string,
): Promise<Piece> {
  const { mediaType, digest, size } = subject;
  return await document(
    artifactManifest({ artifactType, subject: { mediaType, digest, size } }),
  );
}

/** Puts pieces into a store, in their order. */
export async function fill(
  store: WritableStore,
  pieces: readonly Piece[],
): Promise<void> {
  for (const { bytes, descriptor } of pieces) {
    await store.push(descriptor, toSource(bytes));
  }
}
