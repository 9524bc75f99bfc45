import { algorithmInfo, CANONICAL_ALGORITHM } from "../../digest/algorithm.ts";
import { Digest } from "../../digest/digest.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { isRepositoryName } from "../reference.ts";
import { queryDigest } from "./digest_text.ts";
import type { Exchange } from "./exchange.ts";
import { announcedLength, incomingBody, sizeInvalid } from "./incoming_body.ts";
import { mediaTypeOf } from "./media_type.ts";
import { parseChunkRange } from "./range.ts";
import { digestInvalid, RequestError, uploadUnknown } from "./request_error.ts";

/** `POST /v2/<name>/blobs/uploads/`: begin an upload, upload at once, or mount (R24-R31, R45). */
export async function postUpload(
  exchange: Exchange,
  repository: string,
): Promise<Response> {
  const { query, storage, sessions } = exchange;
  const mount = queryDigest(query, "mount");
  if (mount !== undefined && await tryMount(exchange, repository, mount)) {
    exchange.places.add(String(mount), repository);
    exchange.note("mount", "blob", repository, { digest: String(mount) });
    return created(exchange, repository, String(mount));
  }
  const digest = queryDigest(query, "digest");
  const algorithm = digest?.algorithm ?? query.get("digest-algorithm") ??
    mount?.algorithm ?? CANONICAL_ALGORITHM;
  if (algorithmInfo(algorithm) === undefined) {
    throw digestInvalid("Digest algorithm not supported");
  }
  if (digest !== undefined) requireBlobType(exchange);
  sessions.requireRoom();
  const upload = await storage.createUpload(repository);
  sessions.begin(upload, algorithm);
  if (digest === undefined) {
    return accepted(exchange, repository, upload, { status: 202 });
  }
  try {
    const size = await receive(exchange, repository, upload, 0);
    await commit(exchange, repository, upload, digest, size);
  } catch (error) {
    // Nobody else knows of this upload, so nobody could go on with it.
    await drop(exchange, repository, upload);
    throw error;
  }
  return created(exchange, repository, String(digest));
}

/** `GET` of an upload: how much of it is kept (R41). */
export async function getUpload(
  exchange: Exchange,
  repository: string,
  upload: string,
): Promise<Response> {
  const size = await exchange.storage.uploadSize(repository, upload);
  if (size === undefined) throw uploadUnknown();
  return accepted(exchange, repository, upload, { status: 204, size });
}

/** `PATCH` of an upload: the next chunk, or the whole as a stream (R33-R37). */
export function patchUpload(
  exchange: Exchange,
  repository: string,
  upload: string,
): Promise<Response> {
  return exchange.sessions.exclusive(upload, async () => {
    const offset = await exchange.storage.uploadSize(repository, upload);
    if (offset === undefined) throw uploadUnknown();
    const size = await receive(exchange, repository, upload, offset);
    return accepted(exchange, repository, upload, { status: 202, size });
  });
}

/** `PUT` of an upload: perhaps a last chunk, then the digest that makes it a blob (R38-R40). */
export function putUpload(
  exchange: Exchange,
  repository: string,
  upload: string,
): Promise<Response> {
  const { query, storage, sessions } = exchange;
  return sessions.exclusive(upload, async () => {
    const offset = await storage.uploadSize(repository, upload);
    if (offset === undefined) throw uploadUnknown();
    const digest = queryDigest(query, "digest");
    if (digest === undefined) throw digestInvalid("The digest is missing");
    const hash = sessions.hash(upload, offset);
    if (offset === 0 && hash?.hasher.algorithm !== digest.algorithm) {
      // No hint was given, and none is needed as long as nothing has arrived.
      sessions.begin(upload, digest.algorithm);
    }
    const size = await receive(exchange, repository, upload, offset);
    try {
      await commit(exchange, repository, upload, digest, size);
    } catch (error) {
      // Wrong content cannot become right: the client must begin anew.
      if (error instanceof RequestError) {
        await drop(exchange, repository, upload);
      }
      throw error;
    }
    return created(exchange, repository, String(digest));
  });
}

/** `DELETE` of an upload: the client gives up, also in the middle of a chunk (R42). */
export async function deleteUpload(
  exchange: Exchange,
  repository: string,
  upload: string,
): Promise<Response> {
  const { storage, sessions } = exchange;
  if (await storage.uploadSize(repository, upload) === undefined) {
    throw uploadUnknown();
  }
  // Who gives up does not wait for a chunk that may never arrive.
  sessions.interrupt(upload, uploadUnknown());
  return await sessions.exclusive(upload, async () => {
    if (!(await drop(exchange, repository, upload))) throw uploadUnknown();
    return new Response(null, { status: 204 });
  });
}

/**
 * Mounts where that is possible: from where the caller may read. Without `from` the
 * repository itself is looked at, and those where this process has seen the blob
 * (R46).
 */
async function tryMount(
  { query, storage, visitor, places }: Exchange,
  repository: string,
  digest: Digest,
): Promise<boolean> {
  const named = query.get("from");
  const sources = named === null
    ? new Set([repository, ...places.of(String(digest))])
    : [named];
  for (const from of sources) {
    if (
      isRepositoryName(from) && await visitor.may("pull", from) &&
      await storage.mountBlob(repository, String(digest), from)
    ) return true;
  }
  return false;
}

/** Takes the request's body into an upload, and gives the size that is then kept. */
async function receive(
  exchange: Exchange,
  repository: string,
  upload: string,
  offset: number,
): Promise<number> {
  const { request, storage, sessions, settings } = exchange;
  const announced = expectedLength(exchange, repository, upload, offset);
  if (request.body === null || announced === 0) {
    if (announced !== undefined && announced > 0) {
      throw sizeInvalid("The body is shorter than announced");
    }
    await request.body?.cancel();
    return offset;
  }
  requireBlobType(exchange);
  sessions.touch(upload);
  const hash = sessions.hash(upload, offset);
  const { body: incoming } = request;
  return await sessions.writing(upload, async (signal) => {
    const timeout = settings.bodyTimeout;
    const rules = { expected: announced, timeout, signal };
    const body = incomingBody(incoming, rules, (chunk) => {
      if (hash === undefined) return;
      hash.seen += chunk.byteLength;
      return hash.hasher.update(chunk);
    });
    try {
      return await storage.writeUpload(repository, upload, offset, body);
    } catch (error) {
      // A storage that failed before it read has let nobody know.
      if (!body.locked) await body.cancel(error).catch(() => {});
      throw error;
    }
  });
}

/** The length that the headers promise, once they agree with each other and with what is kept. */
function expectedLength(
  exchange: Exchange,
  repository: string,
  upload: string,
  offset: number,
): number | undefined {
  const { headers } = exchange.request;
  const length = announcedLength(headers);
  const header = headers.get("content-range");
  if (header === null) return length;
  const range = parseChunkRange(header);
  if (range === undefined) {
    throw new RequestError(
      400,
      "BLOB_UPLOAD_INVALID",
      "The header Content-Range must be <first>-<last>",
    );
  }
  if (range.start !== offset) {
    throw new RequestError(
      416,
      "BLOB_UPLOAD_INVALID",
      `The chunk does not follow: ${offset} bytes are kept`,
      { headers: progressHeaders(exchange, repository, upload, offset) },
    );
  }
  const expected = range.last - range.start + 1;
  if (length !== undefined && length !== expected) {
    throw sizeInvalid("Content-Range and Content-Length contradict each other");
  }
  return expected;
}

async function commit(
  exchange: Exchange,
  repository: string,
  upload: string,
  digest: Digest,
  size: number,
): Promise<void> {
  const { storage, sessions } = exchange;
  const hash = sessions.hash(upload, size);
  sessions.end(upload);
  const actual = hash?.hasher.algorithm === digest.algorithm
    ? await hash.hasher.digest()
    : await Digest.fromStream(await storage.readUpload(repository, upload), {
      algorithm: digest.algorithm,
    });
  if (!actual.equals(digest)) {
    throw digestInvalid("The content has another digest", {
      expected: String(digest),
      actual: String(actual),
    });
  }
  await storage.commitUpload(repository, upload, String(digest), size);
  exchange.places.add(String(digest), repository);
  exchange.note("push", "blob", repository, { digest: String(digest) });
}

function drop(
  { storage, sessions }: Exchange,
  repository: string,
  upload: string,
): Promise<boolean> {
  sessions.end(upload);
  return storage.deleteUpload(repository, upload);
}

function accepted(
  exchange: Exchange,
  repository: string,
  upload: string,
  { status, size = 0 }: { status: 202 | 204; size?: number },
): Response {
  const headers = progressHeaders(exchange, repository, upload, size);
  return new Response(null, { status, headers });
}

function progressHeaders(
  { url }: Exchange,
  repository: string,
  upload: string,
  size: number,
): Record<string, string> {
  return {
    location: url(`/v2/${repository}/blobs/uploads/${upload}`),
    // Nothing and one byte look alike: clients count themselves.
    range: `0-${Math.max(0, size - 1)}`,
    "docker-upload-uuid": upload,
  };
}

function created(
  { url }: Exchange,
  repository: string,
  digest: string,
): Response {
  return new Response(null, {
    status: 201,
    headers: {
      location: url(`/v2/${repository}/blobs/${digest}`),
      "docker-content-digest": digest,
    },
  });
}

/** Refuses content that is sent as something the operator does not want. */
function requireBlobType({ request, settings }: Exchange): void {
  if (settings.blobTypes === undefined) return;
  const type = mediaTypeOf(request.headers.get("content-type")) ??
    MediaTypes.octetStream;
  if (settings.blobTypes.has(type)) return;
  throw new RequestError(
    415,
    "UNSUPPORTED",
    "Blobs of this Content-Type are not accepted",
  );
}
