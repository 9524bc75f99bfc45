import { Digest } from "@gantry/oci/digest";
import { assertEquals } from "@std/assert";
import {
  client,
  inProcess,
  type Options,
  type Registry,
  type RegistryTest,
  type Way,
} from "./_registry_ways.ts";

export { client, type Registry };

/** With files and sockets there are more ways than the one that is everywhere. */
const WAYS: readonly Way[] = [
  ["memory, in process", inProcess],
  ...("process" in globalThis
    ? (await import("./_registries_node.ts")).WAYS
    : []),
];

/** Registers one test for each storage, in process and over HTTP. */
export function everywhere(
  name: string,
  run: RegistryTest,
  options: Options = {},
): void {
  for (const [way, open] of WAYS) {
    Deno.test(`${name} (${way})`, () => open(options, run));
  }
}

/** The digest of a text. */
export async function digestOf(
  text: string | Uint8Array,
  algorithm = "sha256",
): Promise<string> {
  const bytes = typeof text === "string"
    ? new TextEncoder().encode(text)
    : text;
  return String(await Digest.fromBytes(bytes, { algorithm }));
}

/** Pushes a blob at once, and gives its digest. */
export async function pushBlob(
  registry: Registry,
  repository: string,
  text: string,
): Promise<string> {
  const digest = await digestOf(text);
  const { status } = await registry.head(
    `/v2/${repository}/blobs/uploads/?digest=${digest}`,
    { method: "POST", body: text },
  );
  assertEquals(status, 201);
  return digest;
}

/** Begins an upload, and gives its location. */
export async function beginUpload(
  registry: Registry,
  repository: string,
): Promise<string> {
  const response = await registry.head(`/v2/${repository}/blobs/uploads/`, {
    method: "POST",
  });
  assertEquals(response.status, 202);
  return response.headers.get("location")!;
}

/** The code in an error's body. */
export async function errorCode(response: Response): Promise<string> {
  assertEquals(response.headers.get("content-type"), "application/json");
  const { errors } = await response.json();
  return errors[0].code;
}

/** The media type of the manifests in these tests. */
export const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** The media type of an index. */
export const INDEX = "application/vnd.oci.image.index.v1+json";

/** A manifest's text; its config and layers need not exist. */
export async function manifestText(
  fields: Record<string, unknown> = {},
): Promise<string> {
  const config = {
    mediaType: "application/vnd.oci.image.config.v1+json",
    digest: await digestOf("{}"),
    size: 2,
  };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config,
    layers: [],
    ...fields,
  });
}

/** Pushes a manifest under a tag or its digest. */
export function putManifest(
  registry: Registry,
  repository: string,
  reference: string,
  text: string,
  mediaType: string = MANIFEST,
): Promise<Response> {
  return registry.head(`/v2/${repository}/manifests/${reference}`, {
    method: "PUT",
    headers: { "content-type": mediaType },
    body: text,
  });
}
