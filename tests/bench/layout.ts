import { Digest } from "@gantry/oci/digest";
import { remove } from "./disk.ts";

/** An OCI image layout on disk with one layer, which every tool can push. */
export interface Layout {
  /** The layout's folder. */
  readonly path: string;
  /** The layer's file, under the name that a pull gives it. */
  readonly file: string;
  /** The layer's digest. */
  readonly digest: string;
  /** The layer's size in bytes. */
  readonly size: number;
}

/** The layer's name. */
export const FILE_NAME = "blob.bin";

/** Makes a layout around a file, which stays and becomes its layer. */
export async function makeLayout(
  path: string,
  file: string,
): Promise<Layout> {
  const blobs = `${path}/blobs/sha256`;
  await Deno.mkdir(blobs, { recursive: true });
  const { size } = await Deno.stat(file);
  using handle = await Deno.open(file);
  const digest = (await Digest.fromStream(handle.readable)).toString();
  await Deno.link(file, `${blobs}/${digest.slice("sha256:".length)}`);
  const add = async (value: unknown) => {
    const text = JSON.stringify(value);
    const digest = (await Digest.fromString(text)).toString();
    const name = digest.slice("sha256:".length);
    await Deno.writeTextFile(`${blobs}/${name}`, text);
    return { digest, size: text.length };
  };
  const config = await add({
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [digest] },
  });
  const manifest = await add({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      ...config,
    },
    layers: [{
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest,
      size,
      annotations: { "org.opencontainers.image.title": FILE_NAME },
    }],
  });
  const index = {
    schemaVersion: 2,
    manifests: [{
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      ...manifest,
      annotations: { "org.opencontainers.image.ref.name": "v1" },
    }],
  };
  await Deno.writeTextFile(`${path}/index.json`, JSON.stringify(index));
  await Deno.writeTextFile(
    `${path}/oci-layout`,
    JSON.stringify({ imageLayoutVersion: "1.0.0" }),
  );
  return { path, file, digest, size };
}

/** Says whether a pulled file has the layer's size; tools verify its digest. */
export async function arrived(path: string, layout: Layout): Promise<void> {
  const { size } = await Deno.stat(path);
  if (size !== layout.size) throw new Error(`${path} has ${size} bytes`);
  await remove(path);
}
