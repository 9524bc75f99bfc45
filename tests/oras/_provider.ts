import { fromHandler, type Transport } from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { Digest } from "@gantry/oci/digest";
import {
  type Descriptor,
  type Manifest,
  type ManifestContent,
  MediaTypes,
} from "@gantry/oci/image";
import { Registry, type RegistryOptions } from "@gantry/oci/oras";

/** Takes a request of a test's registry, and may answer it in the registry's place. */
export type Intercept = (
  request: Request,
  next: (request: Request) => Promise<Response>,
) => Response | Promise<Response>;

/** A provider of a registry in memory. */
export interface Provider {
  /** The requests so far, as `METHOD /path`. */
  readonly requests: string[];
  /** The provider. */
  readonly registry: Registry;
  /** The way to the registry. */
  readonly transport: Transport;
  /** The options of a provider for it. */
  readonly options: RegistryOptions;
}

/** Makes a provider. */
export function provider(intercept?: Intercept): Provider {
  const server = createRegistry();
  const requests: string[] = [];
  const transport = fromHandler((request) => {
    requests.push(`${request.method} ${new URL(request.url).pathname}`);
    const next = (request: Request) => server.fetch(request);
    return intercept === undefined
      ? next(request)
      : Promise.resolve(intercept(request, next));
  });
  const options = {
    hostname: "registry.example",
    transport,
    retry: { maxAttempts: 1 },
  };
  return { requests, transport, options, registry: new Registry(options) };
}

/** The value of a manifest that is no index. */
export function manifestOf({ value }: ManifestContent): Manifest {
  return value as Manifest;
}

/** The titles of a manifest's layers. */
export function titlesOf({ layers }: Manifest): (string | undefined)[] {
  return layers.map(({ annotations }) =>
    annotations?.["org.opencontainers.image.title"]
  );
}

/** A layer to be put into a manifest by hand. */
export interface HandmadeLayer {
  /** The title; none where not given. */
  readonly title?: string;
  /** The content. */
  readonly content: string;
  /** The media type. */
  readonly mediaType?: string;
}

/** Pushes an artifact past all checks of names. */
export async function pushByHand(
  { registry }: Provider,
  target: string,
  layers: readonly HandmadeLayer[],
  fields: Partial<Manifest> = {},
): Promise<Descriptor> {
  const empty = await registry.uploadBlob(target, "{}", {
    mediaType: MediaTypes.empty,
  });
  const descriptors = [];
  for (const { title, content, mediaType = "text/plain" } of layers) {
    const blob = await registry.uploadBlob(target, content, { mediaType });
    descriptors.push(
      title === undefined ? blob : {
        ...blob,
        annotations: { "org.opencontainers.image.title": title },
      },
    );
  }
  return await registry.uploadManifest(target, {
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    artifactType: "application/vnd.example",
    config: empty,
    layers: descriptors,
    ...fields,
  });
}

/** The descriptor of a text. */
export async function describeText(
  text: string,
  mediaType = "text/plain",
): Promise<Descriptor> {
  const { byteLength: size } = new TextEncoder().encode(text);
  return { mediaType, digest: String(await Digest.fromString(text)), size };
}
