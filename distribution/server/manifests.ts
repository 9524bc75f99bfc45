import { Digest } from "../../digest/digest.ts";
import { isTag } from "../reference.ts";
import { checkDigest } from "./digest_text.ts";
import type { Exchange } from "./exchange.ts";
import { isFresh } from "./freshness.ts";
import { readBounded } from "./incoming_body.ts";
import {
  type ManifestDocument,
  readManifestDocument,
} from "./manifest_document.ts";
import { mediaTypeOf } from "./media_type.ts";
import {
  digestInvalid,
  manifestInvalid,
  manifestUnknown,
  nameUnknown,
  RequestError,
} from "./request_error.ts";
import type { TagCheck } from "./storage.ts";
import { tagImmutable } from "./tag_rules.ts";

/** The most `tag` parameters of one push; each may be 128 characters long. */
const MAX_TAGS = 200;

/** `GET` and `HEAD /v2/<name>/manifests/<reference>` (R14, R15, R21). */
export async function getManifest(
  exchange: Exchange,
  repository: string,
  reference: string,
): Promise<Response> {
  const { request, storage } = exchange;
  const tag = reference.includes(":") ? undefined : reference;
  if (tag === undefined) checkDigest(reference);
  else if (!isTag(tag)) throw manifestUnknown(reference);
  const manifest = await storage.readManifest(repository, reference);
  if (manifest === undefined) throw manifestUnknown(reference);

  const { digest, mediaType, bytes } = manifest;
  const headers = {
    "content-length": String(bytes.byteLength),
    // Whoever pushes chooses the type; a browser that is shown HTML must not run it.
    "content-security-policy": "default-src 'none'; sandbox",
    "content-type": mediaType,
    "docker-content-digest": digest,
    etag: `"${digest}"`,
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  if (isFresh(request.headers, digest)) {
    const { "content-length": _, ...rest } = headers;
    return new Response(null, { status: 304, headers: rest });
  }
  exchange.note("pull", "manifest", repository, {
    digest,
    ...(tag === undefined ? {} : { tag }),
  });
  return new Response(bytes, { headers });
}

/** `PUT /v2/<name>/manifests/<reference>` (R48-R58). */
export async function putManifest(
  exchange: Exchange,
  repository: string,
  reference: string,
): Promise<Response> {
  const { request, query, storage, settings } = exchange;
  const expected = reference.includes(":") ? checkDigest(reference) : undefined;
  const tags = expected === undefined ? [reference] : query.getAll("tag");
  if (tags.length > MAX_TAGS) {
    throw new RequestError(
      414,
      "MANIFEST_INVALID",
      `At most ${MAX_TAGS} tags can be given`,
    );
  }
  if (!tags.every(isTag)) throw manifestInvalid("Tag not valid");

  const bytes = await readBounded(request, {
    limit: settings.maxManifestSize,
    timeout: settings.bodyTimeout,
  });
  const contentType = mediaTypeOf(request.headers.get("content-type"));
  const document = readManifestDocument(bytes, contentType, settings.schema1);
  requireManifestType(exchange, document.mediaType);
  const digest = await Digest.fromBytes(document.addressed, {
    ...(expected === undefined ? {} : { algorithm: expected.algorithm }),
  });
  if (expected !== undefined && !digest.equals(expected)) {
    throw digestInvalid("The manifest has another digest", {
      expected: String(expected),
      actual: String(digest),
    });
  }
  if (settings.sparse === "refuse") {
    await refuseSparse(exchange, repository, document);
  }
  const { mediaType } = document;
  const manifest = { digest: String(digest), mediaType, bytes };
  const check = await tagCheck(exchange, repository, manifest.digest);
  if (check !== undefined) {
    // Asked early, so that nothing is kept of what is refused; the storage asks again.
    for (const tag of tags) {
      check(tag, (await storage.readManifest(repository, tag))?.digest);
    }
  }
  await storage.writeManifest(repository, manifest, tags, check);

  const headers = new Headers({
    location: exchange.url(`/v2/${repository}/manifests/${digest}`),
    "docker-content-digest": String(digest),
  });
  if (document.subject !== undefined) {
    headers.set("oci-subject", document.subject);
  }
  if (expected !== undefined) {
    for (const tag of tags) headers.append("oci-tag", tag);
  }
  if (tags.length === 0) {
    exchange.note("push", "manifest", repository, { digest: String(digest) });
  }
  for (const tag of tags) {
    exchange.note("push", "manifest", repository, {
      digest: String(digest),
      tag,
    });
  }
  return new Response(null, { status: 201, headers });
}

/** `DELETE /v2/<name>/manifests/<reference>`: a tag alone, or a manifest with all its tags (R76, R77). */
export async function deleteManifest(
  exchange: Exchange,
  repository: string,
  reference: string,
): Promise<Response> {
  const { storage } = exchange;
  const isDigest = reference.includes(":");
  if (isDigest) checkDigest(reference);
  const deleted = isDigest
    ? await storage.deleteManifest(repository, reference)
    : isTag(reference) && await storage.deleteTag(repository, reference);
  if (!deleted) {
    throw await storage.hasRepository(repository)
      ? manifestUnknown(reference)
      : nameUnknown(repository);
  }
  if (isDigest) {
    exchange.note("delete", "manifest", repository, { digest: reference });
  } else {
    exchange.note("delete", "tag", repository, { tag: reference });
  }
  return new Response(null, { status: 202 });
}

/** What decides on tags that are there already; undefined where all of them may be moved. */
async function tagCheck(
  { settings: { isImmutable }, visitor }: Exchange,
  repository: string,
  digest: string,
): Promise<TagCheck | undefined> {
  const noUpdate = await visitor.refusal("update", repository);
  const noPush = await visitor.refusal("push", repository);
  if (!isImmutable && !noUpdate && !noPush) return undefined;
  return (tag, current) => {
    if (current === digest) return;
    if (current !== undefined && isImmutable?.(tag)) throw tagImmutable(tag);
    const refusal = current === undefined ? noPush : noUpdate;
    if (refusal !== undefined) throw refusal;
  };
}

/** Refuses a kind of manifest that the operator does not want. */
function requireManifestType(
  { settings }: Exchange,
  mediaType: string,
): void {
  if (settings.manifestTypes?.has(mediaType) ?? true) return;
  throw new RequestError(
    415,
    "MANIFEST_INVALID",
    "Manifests of this media type are not accepted",
    { detail: { mediaType } },
  );
}

/** Refuses a manifest that names content which the repository has not (R56); the subject may be absent (R55). */
async function refuseSparse(
  { storage }: Exchange,
  repository: string,
  { blobs, manifests }: ManifestDocument,
): Promise<void> {
  const missing = (digest: string) =>
    new RequestError(
      404,
      "MANIFEST_BLOB_UNKNOWN",
      "The manifest names content that the repository has not",
      { detail: { digest } },
    );
  for (const { digest, urls } of blobs) {
    // Content that is to be had from elsewhere need not be here.
    if (urls !== undefined && urls.length > 0) continue;
    if (await storage.blobSize(repository, digest) === undefined) {
      throw missing(digest);
    }
  }
  for (const { digest } of manifests) {
    if (await storage.readManifest(repository, digest) === undefined) {
      throw missing(digest);
    }
  }
}
