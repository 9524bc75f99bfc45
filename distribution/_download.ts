import { readPiece } from "../digest/_tap_stream.ts";
import { SizeMismatchError } from "../digest/errors.ts";
import { Attempts } from "./_attempts.ts";
import { discard } from "./_discard.ts";
import { takeFirst } from "./_partial_source.ts";
import { EarlyEnd, resumeStream } from "./_resume_stream.ts";
import { ConnectionError, ProtocolError } from "./errors.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { RegistryRequest } from "./registry_request.ts";
import { strongEtag } from "./_strong_etag.ts";

/** A content to download. */
export interface DownloadRequest
  extends Pick<RegistryRequest, "scopes" | "signal"> {
  /** Where the content is. */
  readonly url: string;
  /** What could not be done if this fails. */
  readonly action: string;
  /** The content's digest. */
  readonly digest: string;
  /** The size of the whole content. */
  readonly size: number;
  /** The byte to begin at. */
  readonly offset: number;
  /** The byte to end before. */
  readonly end: number;
  /**
   * Whether mirrors are asked.
   *
   * @default {true}
   */
  readonly mirrored?: boolean;
}

/** What an earlier part was of, for `If-Range`. */
interface Origin {
  validator?: string | undefined;
}

/**
 * Opens a content whose stream survives broken connections (RFC 9110 §14 Range).
 *
 * What a registry serves under a digest never changes, so the parts fit together;
 * the verifier around it notices where they do not.
 */
export async function downloadStream(
  client: RegistryClient,
  request: DownloadRequest,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { end, offset, url } = request;
  const until = (signal: AbortSignal) =>
    request.signal === undefined
      ? signal
      : AbortSignal.any([request.signal, signal]);
  const attempts = new Attempts(client);
  const origin: Origin = {};
  let mirrored = true;
  return resumeStream(await openAt(client, request, offset, origin), {
    offset,
    size: end,
    open: (offset, signal) =>
      openAt(
        client,
        { ...request, mirrored, signal: until(signal) },
        offset,
        origin,
      ),
    async onFault(fault, faults, signal) {
      request.signal?.throwIfAborted();
      const failed = { method: "GET", url: new URL(url, client.origin) };
      const error = fault instanceof EarlyEnd
        ? new ConnectionError("CONNECTION_RESET", fault.message, failed)
        : fault;
      if (!(error instanceof ConnectionError)) throw error;
      if (faults === 1) attempts.reset();
      // A mirror that gets no further is left for the registry.
      mirrored = faults === 1;
      await attempts.next(error, { ...failed, signal: until(signal) });
    },
  });
}

async function openAt(
  client: RegistryClient,
  request: DownloadRequest,
  offset: number,
  origin: Origin,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { end, size } = request;
  const isPart = offset > 0 || end < size;
  const headers = isPart ? rangeHeaders(request, offset, origin) : undefined;
  let response = await send(client, request, headers);
  if (response.status === 416) {
    // It has this range, or the size is a lie; the whole will show.
    await discard(response);
    response = await send(client, request, undefined);
  }
  origin.validator ??= validatorOf(response);
  const body = response.body ?? new Blob([]).stream();
  if (response.status === 200) {
    const rest = offset === 0 ? body : skip(body, offset);
    return end === size ? rest : takeFirst(rest, end - offset);
  }
  try {
    checkRange(response, request, offset);
  } catch (error) {
    await discard(response);
    throw error;
  }
  return body;
}

function send(
  client: RegistryClient,
  { action, mirrored = true, scopes, signal, url }: DownloadRequest,
  headers: Record<string, string> | undefined,
): Promise<Response> {
  return client.send({
    method: "GET",
    url,
    action,
    // A request without a range has 206 for no answer.
    expect: headers === undefined ? [200] : [200, 206, 416],
    headers,
    scopes,
    large: true,
    mirrored,
    signal,
  });
}

function rangeHeaders(
  { end, size }: DownloadRequest,
  offset: number,
  { validator }: Origin,
): Record<string, string> {
  return {
    range: `bytes=${offset}-${end === size ? "" : end - 1}`,
    ...validator !== undefined && { "if-range": validator },
  };
}

/** What tells one version of a content from another (RFC 9110 §13.1.5): no weak tag will do. */
function validatorOf({ headers }: Response): string | undefined {
  if (headers.has("etag")) return strongEtag(headers);
  return headers.get("last-modified") ?? undefined;
}

/** Refuses what is not the range that was asked for, or not of that content. */
function checkRange(
  response: Response,
  { action, digest, end, size }: DownloadRequest,
  offset: number,
): void {
  const text = response.headers.get("content-range");
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text ?? "");
  const total = Number(range?.[3]);
  if (total >= 0 && total !== size) {
    throw new SizeMismatchError(size, total, digest);
  }
  if (
    range === null || Number(range[1]) !== offset || Number(range[2]) >= end
  ) {
    throw new ProtocolError(
      "RANGE_INVALID",
      `${action}: asked for the bytes from ${offset} to ${
        end - 1
      }, the registry answered ${text ?? "without Content-Range"}`,
    );
  }
}

/**
 * A body without its first bytes, for registries that serve no ranges. They are read
 * when the first byte is wanted, so that a fault among them is one of the stream.
 */
function skip(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  count: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      while (true) {
        const piece = await readPiece(reader);
        if (piece === undefined) break;
        const skipped = Math.min(count, piece.byteLength);
        count -= skipped;
        if (skipped === piece.byteLength) continue;
        return controller.enqueue(piece.subarray(skipped));
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
