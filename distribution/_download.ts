import { readPiece } from "../digest/_tap_stream.ts";
import { discard } from "./_discard.ts";
import { EarlyEnd, resumeStream } from "./_resume_stream.ts";
import { sleep as sleepByTimer } from "./_sleep.ts";
import { ConnectionError, ProtocolError } from "./errors.ts";
import { redactUrl } from "./redact.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { RegistryRequest } from "./registry_request.ts";
import { decideRetry } from "./retry_policy.ts";

/** A content to download. */
export interface DownloadRequest
  extends Pick<RegistryRequest, "scopes" | "signal"> {
  /** Where the content is. */
  readonly url: string;
  /** What could not be done if this fails. */
  readonly action: string;
  /** The byte to begin at. */
  readonly offset: number;
  /** The size of the whole content. */
  readonly size: number;
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
  const {
    clock = Date.now,
    onEvent,
    random = Math.random,
    sleep = sleepByTimer,
    ...policy
  } = client.retryOptions;
  const until = (signal: AbortSignal) =>
    request.signal === undefined
      ? signal
      : AbortSignal.any([request.signal, signal]);
  let firstFault = 0;
  return resumeStream(await openAt(client, request, request.offset), {
    offset: request.offset,
    size: request.size,
    open: (offset, signal) =>
      openAt(client, { ...request, signal: until(signal) }, offset),
    async onFault(fault, faults, signal) {
      request.signal?.throwIfAborted();
      const url = new URL(request.url, client.origin);
      const error = fault instanceof EarlyEnd
        ? new ConnectionError("CONNECTION_RESET", fault.message, {
          method: "GET",
          url,
        })
        : fault;
      if (!(error instanceof ConnectionError)) throw error;
      // Each byte that arrives begins the count and the budget anew: a download
      // that gets on is not given up.
      if (faults === 1) firstFault = clock();
      const decision = decideRetry({
        method: "GET",
        attempt: faults,
        outcome: { code: error.code },
        elapsed: clock() - firstFault,
        random: random(),
      }, policy);
      if (!decision.retry) throw error;
      const { delay } = decision;
      onEvent?.({
        type: "retry",
        method: "GET",
        url: redactUrl(url),
        attempt: faults,
        delay,
        code: error.code,
      });
      await sleep(delay, until(signal));
    },
  });
}

async function openAt(
  client: RegistryClient,
  request: DownloadRequest,
  offset: number,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const response = await client.send({
    method: "GET",
    url: request.url,
    action: request.action,
    // A request that begins at 0 carries no range, so that 206 would be no answer to it.
    expect: offset === 0 ? [200] : [200, 206],
    headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
    scopes: request.scopes,
    large: true,
    signal: request.signal,
  });
  const body = response.body ?? new Blob([]).stream();
  if (response.status === 200) {
    return offset === 0 ? body : skip(body, offset);
  }
  const range = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(
    response.headers.get("content-range") ?? "",
  );
  if (range === null || Number(range[1]) !== offset) {
    await discard(response);
    throw new ProtocolError(
      "RANGE_INVALID",
      `${request.action}: asked for the bytes from ${offset} on, the registry answered ${
        response.headers.get("content-range") ?? "without Content-Range"
      }`,
    );
  }
  return body;
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
