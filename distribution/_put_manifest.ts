import { DigestMismatchError } from "../digest/errors.ts";
import type { MediaType } from "../image/media_type.ts";
import { discard } from "./_discard.ts";
import { digestOf, promisedDigest } from "./_manifest_answer.ts";
import { learn } from "./capabilities.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./signal_options.ts";

/** A manifest on its way to the registry. */
export interface ManifestPush extends SignalOptions {
  /** The repository. */
  readonly repository: string;
  /** The tag or digest that was asked for. */
  readonly reference: string;
  /** The manifest's digest. */
  readonly digest: string;
  /** All tags to set. */
  readonly names: ReadonlySet<string>;
  /** The manifest. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What its digest is of. */
  readonly addressed: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  readonly mediaType: MediaType;
}

/** What all registries that take several tags at once should take of them (R53). */
const TAGS_AT_ONCE = 10;

/** Answers to several tags at once by which a registry may say that it takes one. */
const NOT_AT_ONCE = [400, 414, 431];

/**
 * Pushes a manifest under its reference and all tags, with as few requests as the
 * registry lets (distribution-spec, end-7a and end-7b).
 *
 * @returns Whether the registry lists referrers by itself (R58).
 */
export async function putManifest(
  client: RegistryClient,
  push: ManifestPush,
): Promise<boolean> {
  const { digest, names, reference } = push;
  const { capabilities } = client;
  if (names.size === 0 || (names.size === 1 && names.has(reference))) {
    await put(client, push, reference);
    return capabilities.referrers === true;
  }
  const left = new Set(names);
  while (left.size > 0 && capabilities.multipleTags !== false) {
    const tags = [...left].slice(0, TAGS_AT_ONCE);
    const { headers, status } = await put(client, push, digest, tags);
    if (NOT_AT_ONCE.includes(status)) break;
    const taken = (headers.get("oci-tag") ?? "").split(",")
      .filter((tag) => left.delete(tag.trim()));
    learn(capabilities, "multipleTags", taken.length > 0);
    if (taken.length === 0) break;
  }
  for (const tag of left) await put(client, push, tag);
  return capabilities.referrers === true;
}

async function put(
  client: RegistryClient,
  { addressed, bytes, mediaType, repository, signal }: ManifestPush,
  reference: string,
  tags: readonly string[] = [],
): Promise<Response> {
  const action = `Cannot push manifest ${reference} to ${repository}`;
  // What a tag may hold needs no escape in a query.
  const query = tags.map((tag) => `tag=${tag}`).join("&");
  const response = await client.send({
    method: "PUT",
    url: `v2/${repository}/manifests/${reference}${query && `?${query}`}`,
    action,
    expect: [201, 200, 202, ...tags.length > 0 ? NOT_AT_ONCE : []],
    headers: { "content-type": mediaType },
    body: bytes,
    scopes: [`repository:${repository}:pull,push`],
    signal,
  });
  await discard(response);
  if (response.status >= 400) return response;
  const stored = promisedDigest(response, action);
  if (stored !== undefined) {
    const actual = await digestOf(addressed, stored);
    if (actual !== stored) throw new DigestMismatchError(actual, stored);
  }
  if (response.headers.has("oci-subject")) {
    learn(client.capabilities, "referrers", true);
  }
  return response;
}
