import { Digest } from "@gantry/oci/digest";
import { toSource } from "@gantry/oci/distribution";
import { MediaTypes } from "@gantry/oci/image";
import { blob, document, type Piece } from "./_graphs.ts";

/** A tar with one file, gzipped, and the digest of the tar. */
export async function realLayer(
  name: string,
  text: string,
): Promise<Piece & { diffId: string; tar: Uint8Array<ArrayBuffer> }> {
  const tar = tarOf(name, new TextEncoder().encode(text));
  const stream = (await toSource(tar).open()).pipeThrough(
    new CompressionStream("gzip"),
  );
  const bytes = await new Response(stream).bytes();
  const digest = String(await Digest.fromBytes(bytes));
  return {
    descriptor: {
      mediaType: MediaTypes.layerGzip,
      digest,
      size: bytes.byteLength,
    },
    bytes,
    tar,
    diffId: String(await Digest.fromBytes(tar)),
  };
}

/** An image that tools which look into it accept; children first. */
export async function realImage(): Promise<Piece[]> {
  const layers = [
    await realLayer("etc/one", "first"),
    await realLayer("etc/two", "second"),
  ];
  const config = await blob(
    JSON.stringify({
      created: "2024-01-01T00:00:00Z",
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["/bin/sh"] },
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map((_, index) => ({ created_by: `step ${index}` })),
    }),
    MediaTypes.config,
  );
  const manifest = await document({
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  return [...layers, config, manifest];
}

function tarOf(
  name: string,
  content: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil(content.byteLength / 512);
  const tar = new Uint8Array(512 * (1 + blocks + 2));
  const put = (offset: number, text: string): void =>
    tar.set(new TextEncoder().encode(text), offset);
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${content.byteLength.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\0" + "00");
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  tar.set(content, 512);
  return tar;
}
