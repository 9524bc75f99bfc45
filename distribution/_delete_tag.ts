import type { OciErrorOptions } from "../digest/oci_error.ts";
import { Blobs } from "./blobs.ts";
import { discard } from "./_discard.ts";
import { failure } from "./_failure.ts";
import { makePlaceholder, type Placeholder } from "./_placeholder.ts";
import { NotFoundError, RegistryError, UnsupportedError } from "./errors.ts";
import {
  MANIFEST_MEDIA_TYPES,
  type Manifests,
  type RawManifest,
} from "./manifests.ts";
import { promisedDigest } from "./_manifest_answer.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./signal_options.ts";
import { strongEtag } from "./_strong_etag.ts";
import { toSource } from "./source.ts";
import {
  TagDeletionError,
  type TagDeletionErrorCode,
} from "./tag_deletion_error.ts";

/** Where a tag is. */
export interface TagPlace {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly manifests: Manifests;
  readonly tag: string;
}

/**
 * Answers by which registries refuse to delete a tag: 400 and 405 by the
 * specification (§Deleting Tags), and of some that know no tags there 404 and 501.
 */
const REFUSALS = [400, 404, 405, 501];

/** What a tag points at. */
interface Pointed {
  readonly digest: string;
  /** What a change of it can be made to depend on. */
  readonly etag: string | undefined;
}

/** Whether an error may say that a registry deletes no tags. */
export function refusesTags(error: unknown): boolean {
  return error instanceof UnsupportedError ||
    error instanceof RegistryError && REFUSALS.includes(error.status);
}

/**
 * Deletes a tag of a registry that deletes manifests only: moves it to a manifest
 * that nobody else has, and deletes that. What the tag pointed at stays.
 *
 * From when the tag is moved, the call is not given up any more: it ends within a few
 * requests, and leaves the tag either deleted or where it was.
 *
 * @throws {NotFoundError} There is no such tag.
 * @throws {TagDeletionError} The tag is not deleted; the error says where it points.
 */
export async function deleteByPlaceholder(
  place: TagPlace,
  refusal: unknown,
  options: SignalOptions,
): Promise<void> {
  const { signal } = options;
  const { client, manifests, repository, tag } = place;
  const { digest, etag } = await look(place, options) ?? {};
  if (digest === undefined) throw notFound(place, refusal);
  const current = await manifests.fetch(digest, options);
  const placeholder = await makePlaceholder(tag, current);
  await probe(place, placeholder, refusal, options);
  const blobs = new Blobs(client, repository);
  for (const [descriptor, content] of placeholder.blobs) {
    await blobs.push(descriptor, toSource(content), { signal });
  }
  signal?.throwIfAborted();
  const work = new Replacement(place, current, placeholder);
  if (await work.move(etag)) await work.delete();
}

/** The part that must not be given up halfway. */
class Replacement {
  readonly #place: TagPlace;
  readonly #current: RawManifest;
  readonly #placeholder: Placeholder;

  constructor(
    place: TagPlace,
    current: RawManifest,
    placeholder: Placeholder,
  ) {
    this.#place = place;
    this.#current = current;
    this.#placeholder = placeholder;
  }

  /** Moves the tag to the placeholder; gives false where the tag is gone already. */
  async move(etag: string | undefined): Promise<boolean> {
    const { digest } = this.#placeholder;
    const { descriptor } = this.#current;
    let failed: { readonly cause: unknown } | undefined;
    try {
      await this.#put(this.#placeholder, etag);
    } catch (cause) {
      failed = { cause };
    }
    const seen = (await this.#look(failed?.cause))?.digest;
    if (seen === digest) return true;
    // Nobody else has it, so that it can go whatever the tag points at. What the
    // registry refused is not there; what broke the line may be.
    if (!(failed?.cause instanceof RegistryError)) {
      await this.#remove().catch(() => {});
    }
    if (seen !== undefined && seen !== descriptor.digest) {
      throw this.#moved(seen, failed);
    }
    if (failed !== undefined) throw failed.cause;
    if (seen === undefined) return false;
    throw this.#error(
      "TAG_KEPT",
      "the registry took another manifest for it, and left it where it was",
    );
  }

  /** Deletes the placeholder, and with it the tag; moves the tag back where that is refused. */
  async delete(): Promise<void> {
    try {
      await this.#remove();
    } catch (cause) {
      const seen = await this.#look(cause);
      if (seen === undefined) return;
      if (seen.digest !== this.#placeholder.digest) {
        throw this.#moved(seen.digest, { cause });
      }
      await this.#restore(seen.etag, cause);
    }
  }

  /** Moves the tag back, and says so; does neither where it is gone after all. */
  async #restore(etag: string | undefined, cause: unknown): Promise<void> {
    const { bytes, descriptor: { digest, mediaType } } = this.#current;
    try {
      await this.#put({ bytes, mediaType }, etag);
    } catch (second) {
      const both = new AggregateError([cause, second]);
      const now = await this.#look(both);
      if (now === undefined) return;
      if (now.digest === this.#placeholder.digest) throw this.#replaced(both);
      if (now.digest !== digest) throw this.#moved(now.digest, { cause: both });
    }
    throw this.#error(
      "TAG_RESTORED",
      `the registry did not delete the placeholder ${this.#placeholder.digest} ` +
        `that it was moved to; it points at ${digest} again`,
      { cause },
    );
  }

  /** Points the tag at a manifest, where the registry can tell only if it still is as it was seen. */
  async #put(
    { bytes, mediaType }: Pick<Placeholder, "bytes" | "mediaType">,
    etag: string | undefined,
  ): Promise<void> {
    const { client, repository, tag } = this.#place;
    const target = bytes === this.#placeholder.bytes
      ? "to a placeholder"
      : "back";
    await discard(
      await client.send({
        method: "PUT",
        url: `v2/${repository}/manifests/${tag}`,
        action: `Cannot move tag ${tag} of ${repository} ${target}`,
        expect: [201, 200, 202],
        headers: {
          "content-type": mediaType,
          ...etag !== undefined && { "if-match": etag },
        },
        body: bytes,
        scopes: [`repository:${repository}:pull,push`],
      }),
    );
  }

  async #remove(): Promise<void> {
    const { client, repository } = this.#place;
    const { digest } = this.#placeholder;
    await discard(
      await client.send({
        method: "DELETE",
        url: `v2/${repository}/manifests/${digest}`,
        action: `Cannot delete manifest ${digest} from ${repository}`,
        expect: [202, 200, 204],
        scopes: [`repository:${repository}:delete`],
      }),
    );
  }

  /** What the tag points at. */
  async #look(cause: unknown): Promise<Pointed | undefined> {
    try {
      return await look(this.#place);
    } catch (second) {
      throw this.#replaced(
        cause === undefined ? second : new AggregateError([cause, second]),
      );
    }
  }

  #moved(
    digest: string,
    options: OciErrorOptions | undefined,
  ): TagDeletionError {
    return this.#error(
      "TAG_MOVED",
      `it was moved to ${digest} meanwhile`,
      options,
    );
  }

  #replaced(cause: unknown): TagDeletionError {
    const { digest } = this.#current.descriptor;
    const { digest: placeholder } = this.#placeholder;
    return this.#error(
      "TAG_REPLACED",
      `it may point at the placeholder ${placeholder} now, and pointed at ${digest}`,
      {
        cause,
        hint: `Delete it again, or point it at ${digest} again`,
      },
    );
  }

  #error(
    code: TagDeletionErrorCode,
    reason: string,
    options: OciErrorOptions = {},
  ): TagDeletionError {
    const { repository, tag } = this.#place;
    return new TagDeletionError(code, reason, {
      ...options,
      repository,
      tag,
      digest: this.#current.descriptor.digest,
      placeholder: this.#placeholder.digest,
    });
  }
}

/**
 * Makes sure that manifests can be deleted, before anything is changed: asks for one
 * to be deleted that is not there yet.
 */
async function probe(
  { client, repository }: TagPlace,
  { digest }: Placeholder,
  refusal: unknown,
  { signal }: SignalOptions,
): Promise<void> {
  const url = `v2/${repository}/manifests/${digest}`;
  const response = await client.send({
    method: "DELETE",
    url,
    scopes: [`repository:${repository}:delete`],
    signal,
  });
  if (response.ok || response.status === 404) return await discard(response);
  const error = await failure(response, {
    action: `Cannot delete manifests from ${repository}`,
    method: "DELETE",
    url: new URL(url, client.origin),
    signal,
  });
  // The registry said so of the tag already.
  throw error instanceof UnsupportedError ? refusal : error;
}

/** What a tag points at; undefined where there is no such tag. */
async function look(
  { manifests, client, repository, tag }: TagPlace,
  options: SignalOptions = {},
): Promise<Pointed | undefined> {
  const action = `Cannot find manifest ${tag} in ${repository}`;
  const response = await client.send({
    method: "HEAD",
    url: `v2/${repository}/manifests/${tag}`,
    action,
    expect: [200, 404],
    headers: { accept: MANIFEST_MEDIA_TYPES.join(", ") },
    scopes: [`repository:${repository}:pull`],
    signal: options.signal,
  });
  await discard(response);
  if (response.status === 404) return undefined;
  const digest = promisedDigest(response, action) ??
    (await manifests.fetch(tag, options)).descriptor.digest;
  return { digest, etag: strongEtag(response.headers) };
}

function notFound(
  { repository, tag, client }: TagPlace,
  cause: unknown,
): Error {
  return new NotFoundError(`Cannot delete tag ${tag} from ${repository}`, {
    status: 404,
    method: "HEAD",
    url: String(new URL(`v2/${repository}/manifests/${tag}`, client.origin)),
    cause,
  });
}
