import { Digest } from "../digest/digest.ts";
import { DigestError, DigestMismatchError } from "../digest/errors.ts";
import { addressedBytes } from "../image/addressed_bytes.ts";
import type { Descriptor } from "../image/descriptor.ts";
import {
  type ManifestContent,
  parseManifestContent,
} from "../image/manifest_content.ts";
import { type MediaType, MediaTypes } from "../image/media_type.ts";
import { answered } from "./_answered.ts";
import { MAX_METADATA_SIZE, readBounded } from "./_body.ts";
import { sendWhole } from "./_send_whole.ts";
import { discard } from "./_discard.ts";
import {
  contentType,
  digestOf,
  ownMediaType,
  promisedDigest,
} from "./_manifest_answer.ts";
import { putManifest } from "./_put_manifest.ts";
import { addReferrer, referrerOf, removeReferrer } from "./_referrers_index.ts";
import { scrubbedError } from "./_secrets.ts";
import { isTag } from "./reference.ts";
import { InvalidReferenceError } from "./reference_error.ts";
import { Referrers } from "./referrers.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { ReferrerDescription } from "./server/referrer_description.ts";
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
  /**
   * Tags to set as well. A registry that can sets them all with one request; others
   * get one request for each.
   *
   * @default {none}
   */
  readonly tags?: readonly string[] | undefined;
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
    try {
      return await parseManifestContent(bytes, {
        mediaType: descriptor.mediaType,
        digest: descriptor.digest,
      });
    } catch (error) {
      // Its words quote the document, which may quote the request.
      throw scrubbedError(this.#client, error);
    }
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
   * A manifest with a `subject` is a referrer of it. Where the registry does not say
   * that it keeps account of those, the index under the subject's
   * {@linkcode referrersTag} is brought up to date.
   *
   * @returns The manifest's descriptor.
   * @throws {InvalidReferenceError} The reference is neither a tag nor a digest, or a further tag is malformed.
   * @throws {DigestMismatchError} The bytes have not the digest that they are to be pushed under, or the registry stored others.
   * @throws {ProtocolError} `REFERRERS_INVALID`: what stands under the referrers tag is no index.
   * @throws {RegistryError} The registry refuses.
   */
  async put(
    reference: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: PutManifestOptions,
  ): Promise<Descriptor> {
    const { mediaType, signal, tags = [] } = options;
    const asked = isTag(reference) ? undefined : reference;
    const names = new Set(asked === undefined ? [reference, ...tags] : tags);
    for (const name of [reference, ...names]) this.#path(name);
    const addressed = addressedBytes(bytes, mediaType);
    const digest = await digestOf(addressed, asked);
    if (asked !== undefined && asked !== digest) {
      throw new DigestMismatchError(asked, digest);
    }
    const isListed = await putManifest(this.#client, {
      repository: this.#name,
      reference,
      digest,
      names,
      bytes,
      addressed,
      mediaType,
      signal,
    });
    const descriptor = { mediaType, digest, size: bytes.byteLength };
    if (!isListed) {
      const referrer = referrerOf(bytes, descriptor);
      if (referrer !== undefined) {
        await addReferrer(this.#client, this.#name, referrer, { signal });
      }
    }
    return descriptor;
  }

  /**
   * Deletes a manifest with all its tags, where a digest is given, or only a tag,
   * where a tag is given and the registry can do that.
   *
   * Where the registry does not list referrers by itself, a manifest that is one is
   * also taken off the index under its subject's {@linkcode referrersTag}.
   *
   * @throws {InvalidReferenceError} The reference is neither a tag nor a digest.
   * @throws {NotFoundError} There is no such manifest.
   * @throws {UnsupportedError} The registry does not delete.
   * @throws {ProtocolError} `REFERRERS_INVALID`: what stands under the referrers tag is no index.
   */
  async delete(reference: string, options: SignalOptions = {}): Promise<void> {
    const { signal } = options;
    const url = this.#path(reference);
    const referrer = isTag(reference)
      ? undefined
      : await this.#listedReferrer(reference, { signal });
    const response = await this.#client.send({
      method: "DELETE",
      url,
      action: `Cannot delete ${
        isTag(reference) ? "tag" : "manifest"
      } ${reference} from ${this.#name}`,
      expect: [202, 200, 204],
      scopes: [`repository:${this.#name}:delete`],
      signal,
    });
    await discard(response);
    if (referrer !== undefined) {
      await removeReferrer(this.#client, this.#name, referrer, { signal });
    }
  }

  /** What a manifest is about, where the list of that must be kept here. */
  async #listedReferrer(
    digest: string,
    options: SignalOptions,
  ): Promise<ReferrerDescription | undefined> {
    const { capabilities } = this.#client;
    if (capabilities.referrers === true) return undefined;
    // What cannot be read can perhaps be deleted: the registry will say.
    const found = await answered(() => this.fetch(digest, options));
    const referrer = found && referrerOf(found.bytes, found.descriptor);
    if (referrer === undefined || capabilities.referrers === false) {
      return referrer;
    }
    // Asking tells it, one way or the other; one that cannot answer does not list.
    await answered(async () => {
      const list = new Referrers(this.#client, this.#name)
        .list(referrer.subject, { ...options, pageSize: 1 });
      await list.next();
      await list.return(undefined);
    });
    return capabilities.referrers as boolean | undefined ? undefined : referrer;
  }

  #ask(
    method: "GET" | "HEAD",
    reference: string,
    action: string,
    options: ReadManifestOptions,
  ): Promise<Response> {
    return sendWhole(this.#client, {
      method,
      url: this.#path(reference),
      action,
      expect: [200],
      headers: { accept: (options.accept ?? MANIFEST_MEDIA_TYPES).join(", ") },
      scopes: [`repository:${this.#name}:pull`],
      mirrored: method === "GET",
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
