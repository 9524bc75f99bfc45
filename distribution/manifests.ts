import { Digest } from "../digest/digest.ts";
import { DigestError, DigestMismatchError } from "../digest/errors.ts";
import { addressedBytes } from "../image/addressed_bytes.ts";
import type { Descriptor } from "../image/descriptor.ts";
import {
  type ManifestContent,
  parseManifestContent,
} from "../image/manifest_content.ts";
import { type MediaType, MediaTypes } from "../image/media_type.ts";
import { MAX_METADATA_SIZE, readBounded } from "./_body.ts";
import { discard } from "./_discard.ts";
import { ProtocolError } from "./errors.ts";
import { isTag } from "./reference.ts";
import { InvalidReferenceError } from "./reference_error.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./signal_options.ts";

/** How to ask for a manifest. */
export interface ReadManifestOptions extends SignalOptions {
  /**
   * The media types that are welcome.
   *
   * @default {the manifests and indexes of OCI and Docker}
   */
  readonly accept?: readonly MediaType[] | undefined;
}

/** How to push a manifest. */
export interface PutManifestOptions extends SignalOptions {
  /** The manifest's media type. */
  readonly mediaType: MediaType;
}

/** A manifest's exact bytes, not looked into. */
export interface RawManifest {
  /** The manifest's media type, digest and size. */
  readonly descriptor: Descriptor;
  /** The manifest, exactly as it came. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The media types that are asked for where the caller names none. */
export const MANIFEST_MEDIA_TYPES: readonly MediaType[] = [
  MediaTypes.manifest,
  MediaTypes.index,
  MediaTypes.dockerManifest,
  MediaTypes.dockerManifestList,
];

/**
 * The manifests of a repository. Follows distribution-spec §Pulling Manifests,
 * §Pushing Manifests and §Deleting Manifests.
 *
 * @example
 * ```ts
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const { manifests } = new RegistryClient("registry.example", { transport })
 *   .repository("team/app");
 * const bytes = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
 * const mediaType = "application/vnd.oci.image.index.v1+json";
 * const descriptor = await manifests.put("v1", bytes, { mediaType });
 * assertEquals((await manifests.get("v1")).bytes, bytes);
 * assertEquals(await manifests.head("v1"), descriptor);
 * ```
 */
export class Manifests {
  readonly #client: RegistryClient;
  readonly #name: string;

  /** Made by `Repository`. */
  constructor(client: RegistryClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /**
   * Gets a manifest or an index by tag or digest: its bytes, its descriptor, and its parsed value.
   *
   * The bytes are checked against the digest asked for, and against the one that
   * the registry names; what is larger than 4 MiB is refused.
   *
   * @throws {InvalidReferenceError} What is asked for is neither a tag nor a digest.
   * @throws {NotFoundError} There is no such manifest.
   * @throws {DigestMismatchError} The content has not the digest promised.
   * @throws {ValidationError} The document is no manifest and no index.
   * @throws {JsonError} The document is no acceptable JSON.
   * @throws {ProtocolError} The answer is larger than 4 MiB, or names a digest that is none.
   * @throws {RegistryError} The registry refuses.
   */
  async get(
    reference: string,
    options: ReadManifestOptions = {},
  ): Promise<ManifestContent> {
    const { bytes, descriptor } = await this.fetch(reference, options);
    return await parseManifestContent(bytes, {
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
    });
  }

  /**
   * Gets a manifest as {@linkcode Manifests.get} does, without looking into it.
   *
   * @throws {InvalidReferenceError} What is asked for is neither a tag nor a digest.
   * @throws {NotFoundError} There is no such manifest.
   * @throws {DigestMismatchError} The content has not the digest promised.
   * @throws {ProtocolError} The answer is larger than 4 MiB, or names a digest that is none.
   * @throws {RegistryError} The registry refuses.
   */
  async fetch(
    reference: string,
    options: ReadManifestOptions = {},
  ): Promise<RawManifest> {
    const action = `Cannot pull manifest ${reference} from ${this.#name}`;
    const response = await this.#ask("GET", reference, action, options);
    const bytes = await readBounded(response, MAX_METADATA_SIZE, action);
    const asked = isTag(reference) ? undefined : reference;
    const promised = promisedDigest(response, action) ?? asked;
    const addressed = addressedBytes(bytes, contentType(response));
    const digest = await digestOf(addressed, promised);
    if (promised !== undefined && digest !== promised) {
      throw new DigestMismatchError(promised, digest);
    }
    // The header may name another algorithm than was asked for, and both must hold.
    if (asked !== undefined && asked !== promised) {
      const actual = await digestOf(addressed, asked);
      if (actual !== asked) throw new DigestMismatchError(asked, actual);
    }
    return {
      descriptor: {
        mediaType: contentType(response) ?? ownMediaType(bytes) ??
          MediaTypes.octetStream,
        digest: asked ?? digest,
        size: bytes.byteLength,
      },
      bytes,
    };
  }

  /**
   * Asks for a manifest's descriptor, without its content; where the registry
   * does not tell its digest or size, the content is fetched and measured.
   *
   * @throws {InvalidReferenceError} What is asked for is neither a tag nor a digest.
   * @throws {NotFoundError} There is no such manifest.
   * @throws {ProtocolError} `DIGEST_HEADER_INVALID`: the registry names a digest that is none.
   */
  async head(
    reference: string,
    options: ReadManifestOptions = {},
  ): Promise<Descriptor> {
    const action = `Cannot find manifest ${reference} in ${this.#name}`;
    const response = await this.#ask("HEAD", reference, action, options);
    await discard(response);
    const promised = promisedDigest(response, action);
    const digest = isTag(reference) ? promised : reference;
    const length = response.headers.get("content-length");
    const mediaType = contentType(response);
    // A length that was measured after compression says nothing.
    const isMeasured = /^[0-9]+$/.test(length ?? "") &&
      !response.headers.has("content-encoding");
    if (digest === undefined || mediaType === undefined || !isMeasured) {
      return (await this.fetch(reference, options)).descriptor;
    }
    return { mediaType, digest, size: Number(length) };
  }

  /**
   * Pushes a manifest, exactly these bytes, under a tag or under its own digest.
   *
   * @returns The manifest's descriptor.
   * @throws {InvalidReferenceError} The reference is neither a tag nor a digest.
   * @throws {DigestMismatchError} The bytes have not the digest that they are to be pushed under, or the registry stored others.
   * @throws {RegistryError} The registry refuses.
   */
  async put(
    reference: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: PutManifestOptions,
  ): Promise<Descriptor> {
    const action = `Cannot push manifest ${reference} to ${this.#name}`;
    const path = this.#path(reference);
    const asked = isTag(reference) ? undefined : reference;
    const addressed = addressedBytes(bytes, options.mediaType);
    const digest = await digestOf(addressed, asked);
    if (asked !== undefined && asked !== digest) {
      throw new DigestMismatchError(asked, digest);
    }
    const response = await this.#client.send({
      method: "PUT",
      url: path,
      action,
      expect: [201, 200, 202],
      headers: { "content-type": options.mediaType },
      body: bytes,
      scopes: [`repository:${this.#name}:pull,push`],
      signal: options.signal,
    });
    await discard(response);
    const stored = promisedDigest(response, action);
    if (stored !== undefined) {
      const actual = await digestOf(addressed, stored);
      if (actual !== stored) throw new DigestMismatchError(actual, stored);
    }
    return { mediaType: options.mediaType, digest, size: bytes.byteLength };
  }

  /**
   * Deletes a manifest with all its tags, where a digest is given, or only a tag,
   * where a tag is given and the registry can do that.
   *
   * @throws {InvalidReferenceError} The reference is neither a tag nor a digest.
   * @throws {NotFoundError} There is no such manifest.
   * @throws {UnsupportedError} The registry does not delete.
   */
  async delete(reference: string, options: SignalOptions = {}): Promise<void> {
    const response = await this.#client.send({
      method: "DELETE",
      url: this.#path(reference),
      action: `Cannot delete ${
        isTag(reference) ? "tag" : "manifest"
      } ${reference} from ${this.#name}`,
      expect: [202, 200, 204],
      scopes: [`repository:${this.#name}:delete`],
      signal: options.signal,
    });
    await discard(response);
  }

  #ask(
    method: "GET" | "HEAD",
    reference: string,
    action: string,
    options: ReadManifestOptions,
  ): Promise<Response> {
    return this.#client.send({
      method,
      url: this.#path(reference),
      action,
      expect: [200],
      headers: { accept: (options.accept ?? MANIFEST_MEDIA_TYPES).join(", ") },
      scopes: [`repository:${this.#name}:pull`],
      signal: options.signal,
    });
  }

  #path(reference: string): string {
    if (!isTag(reference)) {
      try {
        Digest.parse(reference);
      } catch (cause) {
        if (!(cause instanceof DigestError)) throw cause;
        const digest = reference.includes(":");
        throw new InvalidReferenceError(
          digest ? "REFERENCE_DIGEST_INVALID" : "REFERENCE_TAG_INVALID",
          reference,
          digest ? cause.message : "it is neither a tag nor a digest",
          { cause },
        );
      }
    }
    return `v2/${this.#name}/manifests/${reference}`;
  }
}

function digestOf(
  bytes: Uint8Array<ArrayBuffer>,
  like: string | undefined,
): Promise<string> {
  const options = like === undefined
    ? {}
    : { algorithm: Digest.parse(like).algorithm };
  return Digest.fromBytes(bytes, options).then(String);
}

/** What the registry says in Docker-Content-Digest, which must at least be a digest. */
function promisedDigest(
  response: Response,
  action: string,
): string | undefined {
  const header = response.headers.get("docker-content-digest")?.trim();
  if (!header) return undefined;
  try {
    return String(Digest.parse(header));
  } catch (cause) {
    throw new ProtocolError(
      "DIGEST_HEADER_INVALID",
      `${action}: the registry names a digest that is none`,
      { cause },
    );
  }
}

const KNOWN_TYPES: ReadonlySet<string> = new Set(Object.values(MediaTypes));

/** The content type without parameters (R11), and in lower case where that makes it a known one. */
function contentType(response: Response): string | undefined {
  const [type] = (response.headers.get("content-type") ?? "").split(";", 1)
    .map((part) => part.trim());
  if (!type) return undefined;
  const lower = type.toLowerCase();
  return KNOWN_TYPES.has(lower) ? lower : type;
}

/** The document's own media type, for registries that send none. */
function ownMediaType(bytes: Uint8Array): string | undefined {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value?.mediaType === "string" ? value.mediaType : undefined;
  } catch {
    return undefined;
  }
}
