import {
  createRegistry,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";
import { directoryStorage, serve } from "@gantry/oci/distribution/server/node";
import { Digest } from "@gantry/oci/digest";
import { assertEquals } from "@std/assert";

/** A registry under test, seen from outside. */
export interface Registry {
  /** Sends a request to a path. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a request whose answer's body does not matter. */
  head(path: string, init?: RequestInit): Promise<Response>;
}

type Options = Omit<RegistryServerOptions, "storage">;

/** Registers one test for each storage, in process and over HTTP. */
export function everywhere(
  name: string,
  run: (registry: Registry) => Promise<void>,
  options: Options = {},
): void {
  for (const storage of ["memory", "directory"] as const) {
    for (const way of ["in process", "over HTTP"] as const) {
      Deno.test(`${name} (${storage}, ${way})`, () =>
        withRegistry(storage, way, options, run));
    }
  }
}

async function withRegistry(
  storage: "memory" | "directory",
  way: "in process" | "over HTTP",
  options: Options,
  run: (registry: Registry) => Promise<void>,
): Promise<void> {
  const root = storage === "directory" ? await Deno.makeTempDir() : undefined;
  const registry = createRegistry({
    ...options,
    ...(root === undefined ? {} : { storage: directoryStorage(root) }),
  });
  try {
    if (way === "in process") {
      await run(client((path, init) =>
        registry.fetch(
          new Request(new URL(path, "http://registry.test"), init),
        )
      ));
    } else {
      await using server = await serve(registry);
      await run(client((path, init) => fetch(new URL(path, server.url), init)));
    }
  } finally {
    await registry.close();
    if (root !== undefined) await Deno.remove(root, { recursive: true });
  }
}

/** Wraps what sends a request. */
export function client(call: Registry["call"]): Registry {
  return {
    call,
    async head(path, init) {
      const response = await call(path, init);
      await response.body?.cancel();
      return response;
    },
  };
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
