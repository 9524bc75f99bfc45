import { Digest } from "../digest/digest.ts";
import { OciError } from "../digest/oci_error.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { encodeJson } from "../image/encode_json.ts";
import { imageIndex } from "../image/image_index.ts";
import type { Index } from "../image/manifest.ts";
import { isIndex, parseManifest } from "../image/manifest_content.ts";
import { MediaTypes } from "../image/media_type.ts";
import { MAX_METADATA_SIZE, readBounded } from "./_body.ts";
import { sendWhole } from "./_send_whole.ts";
import { discard } from "./_discard.ts";
import { failure } from "./_failure.ts";
import { KeyedMutex } from "./_keyed_mutex.ts";
import { ProtocolError } from "./errors.ts";
import { referrersTag } from "./referrers_tag.ts";
import type { RegistryClient } from "./registry_client.ts";
import {
  describeReferrer,
  type ReferrerDescription,
} from "./server/referrer_description.ts";
import type { SignalOptions } from "./signal_options.ts";
import { strongEtag } from "./_strong_etag.ts";

/** The list of a subject's referrers, where the client keeps it. */
export interface ReferrersList {
  /** The repository. */
  readonly repository: string;
  /** The digest of the subject. */
  readonly subject: string;
}

/** The types that have a field `subject`, by image-spec. */
const REFERRER_TYPES: ReadonlySet<string> = new Set([
  MediaTypes.manifest,
  MediaTypes.index,
]);

/** What a manifest is a referrer of; undefined where it has no subject. */
export function referrerOf(
  bytes: Uint8Array<ArrayBuffer>,
  { digest, mediaType }: Descriptor,
): ReferrerDescription | undefined {
  return REFERRER_TYPES.has(mediaType)
    ? describeReferrer({ digest, mediaType, bytes })
    : undefined;
}

/** An index as it was found, and by what it is recognised. */
interface FoundIndex {
  readonly value: Index;
  readonly etag: string | undefined;
}

/**
 * Reads the index under a referrers tag.
 *
 * A registry may take such a tag for the subject itself (GitLab does): the subject
 * is no list of its referrers.
 *
 * @returns "none" where nothing is there, "foreign" where it is no index.
 */
export async function readReferrersIndex(
  client: RegistryClient,
  { repository, subject }: ReferrersList,
  { signal }: SignalOptions,
): Promise<FoundIndex | "none" | "foreign"> {
  const tag = referrersTag(subject);
  const action =
    `Cannot read the referrers of ${subject} in ${repository} (tag ${tag})`;
  const response = await sendWhole(client, {
    method: "GET",
    url: `v2/${repository}/manifests/${tag}`,
    action,
    expect: [200, 404],
    headers: { accept: MediaTypes.index },
    scopes: [`repository:${repository}:pull`],
    signal,
  });
  if (response.status === 404) {
    await discard(response);
    return "none";
  }
  const bytes = await readBounded(response, MAX_METADATA_SIZE, action);
  const { algorithm } = Digest.parse(subject);
  const digest = await Digest.fromBytes(bytes, { algorithm });
  if (String(digest) === subject) return "none";
  try {
    const mediaType = response.headers.get("content-type") ?? undefined;
    const value = parseManifest(bytes, { mediaType });
    if (isIndex(value)) {
      return { value, etag: strongEtag(response.headers) };
    }
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
  }
  return "foreign";
}

/** How often a list is read anew because somebody else wrote it meanwhile. */
const MAX_ROUNDS = 5;

/** What one client does to one list it does in turn. */
const turns = new WeakMap<RegistryClient, KeyedMutex>();

/** Adds a referrer to the list that is kept under its subject's tag (R59). */
export async function addReferrer(
  client: RegistryClient,
  repository: string,
  { subject, descriptor }: ReferrerDescription,
  options: SignalOptions,
): Promise<void> {
  await update(client, { repository, subject }, {
    action: `Cannot list ${descriptor.digest} as a referrer of ${subject}`,
    isDone: (found) => found.some(({ digest }) => digest === descriptor.digest),
    change: (found) => [...found, descriptor],
  }, options);
}

/** Takes a referrer that was deleted off the list under its subject's tag (R78). */
export async function removeReferrer(
  client: RegistryClient,
  repository: string,
  { subject, descriptor }: ReferrerDescription,
  options: SignalOptions,
): Promise<void> {
  const isOther = ({ digest }: Descriptor) => digest !== descriptor.digest;
  await update(client, { repository, subject }, {
    action:
      `Cannot strike ${descriptor.digest} off the referrers of ${subject}`,
    isDone: (found) => found.every(isOther),
    change: (found) => found.filter(isOther),
  }, options);
}

interface Change {
  /** What could not be done if this fails. */
  readonly action: string;
  /** Whether nothing is left to do. */
  readonly isDone: (entries: readonly Descriptor[]) => boolean;
  /** The entries as they shall be. */
  readonly change: (entries: readonly Descriptor[]) => readonly Descriptor[];
}

/**
 * Reads a list, changes it and writes it back.
 *
 * The specification offers no lock, so another program can write at the same time.
 * The write is made conditional where the registry tells an `ETag`, and the tag is
 * looked at afterwards: where it holds something else, all begins anew.
 */
async function update(
  client: RegistryClient,
  list: ReferrersList,
  { action, change, isDone }: Change,
  options: SignalOptions,
): Promise<void> {
  let mutex = turns.get(client);
  if (mutex === undefined) turns.set(client, mutex = new KeyedMutex());
  await mutex.run(`${list.repository}@${list.subject}`, async () => {
    for (let round = 1;; round++) {
      const found = await readReferrersIndex(client, list, options);
      if (found === "foreign") {
        throw new ProtocolError(
          "REFERRERS_INVALID",
          `${action}: what is tagged ${referrersTag(list.subject)} is no index`,
        );
      }
      const index = found === "none" ? undefined : found;
      const entries = index?.value.manifests ?? [];
      if (isDone(entries)) return;
      const bytes = encodeJson(
        index === undefined
          ? imageIndex(change(entries))
          : { ...index.value, manifests: change(entries) },
      );
      const last = round === MAX_ROUNDS;
      if (
        await write(client, list, bytes, { ...options, action, index, last })
      ) {
        return;
      }
    }
  }, options.signal);
}

/** Writes a list, and tells whether it is still there afterwards. */
async function write(
  client: RegistryClient,
  { repository, subject }: ReferrersList,
  bytes: Uint8Array<ArrayBuffer>,
  options: SignalOptions & {
    readonly action: string;
    readonly index: FoundIndex | undefined;
    readonly last: boolean;
  },
): Promise<boolean> {
  const { action, index, last, signal } = options;
  const url = `v2/${repository}/manifests/${referrersTag(subject)}`;
  const scopes = [`repository:${repository}:pull,push`];
  const written = await client.send({
    method: "PUT",
    url,
    headers: {
      "content-type": index?.value.mediaType ?? MediaTypes.index,
      ...index?.etag && { "if-match": index.etag },
    },
    body: bytes,
    scopes,
    signal,
  });
  if (written.status === 412 && !last) {
    await discard(written);
    return false;
  }
  if (![201, 200, 202].includes(written.status)) {
    throw await failure(written, {
      action,
      method: "PUT",
      url: new URL(url, client.origin),
      signal,
    });
  }
  await discard(written);
  if (last) return true;
  const seen = await client.send({
    method: "HEAD",
    url,
    headers: { accept: MediaTypes.index },
    scopes,
    signal,
  });
  await discard(seen);
  const holds = seen.headers.get("docker-content-digest");
  return holds === null || holds === String(await Digest.fromBytes(bytes));
}
