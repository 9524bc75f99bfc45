import type { Attempts } from "./_attempts.ts";
import { sourceSizeError } from "./_body_stream.ts";
import { discard } from "./_discard.ts";
import { countedSource, partialSource } from "./_partial_source.ts";
import {
  askUpload,
  patchUpload,
  putUpload,
  uploadScopes,
  type UploadState,
} from "./_upload_requests.ts";
import { ConnectionError, RegistryError } from "./errors.ts";
import type { SignalOptions } from "./signal_options.ts";
import type { Source } from "./source.ts";

/** How content is delivered to an upload. */
export interface DeliverOptions extends SignalOptions {
  /** The faults so far. */
  readonly attempts: Attempts;
  /** Told how many bytes of the whole have been handed to the network. */
  readonly onBytes?: ((transferred: number) => void) | undefined;
}

/** An upload cannot be gone on with, though another one may do. */
export class UploadLost extends Error {
  /** What happened to the upload. */
  override readonly cause: unknown;

  /** Keeps what happened. */
  constructor(cause: unknown) {
    super("The upload is lost");
    this.cause = cause;
  }

  /** Whether the connection broke off. */
  get wasCut(): boolean {
    return this.cause instanceof ConnectionError;
  }
}

/** With less than this handed over, a new upload is cheaper than to ask about the old one. */
const WORTH_ASKING = 256 * 1024;

/**
 * Adds content to an upload. After a fault that passes the registry is asked what
 * it holds, and gets the rest.
 *
 * @throws {UploadLost} It does not know, or holds what cannot be gone on with.
 */
export async function deliver(
  state: UploadState,
  content: Source,
  options: DeliverOptions,
): Promise<void> {
  const { attempts, onBytes, signal } = options;
  const start = state.offset;
  const end = start + content.size;
  /** Whether the last offset is what must be so, though the registry did not say it. */
  let isInferred = false;
  while (state.offset < end) {
    const { offset } = state;
    const rest = partialSource(content, offset - start);
    const count = (bytes: number): void => onBytes?.(offset + bytes);
    try {
      const body = await smallBody(rest) ?? countedSource(rest, count);
      await patchUpload(state, body, { signal });
      if (body instanceof Uint8Array) count(body.byteLength);
      attempts.reset();
    } catch (fault) {
      if (isInferred && isDenial(fault)) throw new UploadLost(fault);
      const curable = fault instanceof RegistryError && fault.status === 416;
      const url = state.location;
      await attempts.next(fault, { method: "PATCH", url, signal, curable });
      const told = await ask(state, options);
      isInferred = told === undefined && tookNothing(fault);
      const held = isInferred ? offset : told;
      if (held === undefined || held < start || held > end) {
        throw new UploadLost(fault);
      }
      if (held > offset) attempts.reset();
      state.offset = held;
      state.wasResumed = true;
    }
  }
}

/**
 * Makes a blob of an upload, with its whole content where that is given.
 *
 * After a fault it is looked whether the blob is there in spite of it, then what
 * the upload holds, and the rest is added.
 *
 * @throws {UploadLost} The content must be sent anew.
 */
export async function finishUpload(
  state: UploadState,
  digest: string,
  content: Source | undefined,
  options: DeliverOptions,
): Promise<void> {
  const { attempts, onBytes, signal } = options;
  const start = state.offset;
  let body = content;
  /** Whether it may have been closed unheard. */
  let mayBeDone = false;
  while (true) {
    let handed = 0;
    const count = (bytes: number): void => {
      handed = bytes;
      onBytes?.(start + bytes);
    };
    const url = state.location;
    try {
      const small = body && await smallBody(body);
      handed = small?.byteLength ?? 0;
      const sent = small ?? (body && countedSource(body, count));
      await putUpload(state, digest, sent, { signal });
      if (small !== undefined) count(small.byteLength);
      return;
    } catch (fault) {
      // A proxy may have lost patience with a registry that still worked at it.
      mayBeDone ||= fault instanceof ConnectionError ||
        fault instanceof RegistryError && fault.status >= 500;
      // An upload that was closed unheard is unknown afterwards.
      const curable = mayBeDone && fault instanceof RegistryError &&
        fault.status === 404;
      if (isTooLarge(fault)) throw fault;
      await attempts.next(fault, { method: "PUT", url, signal, curable });
      const isComplete = body === undefined || handed === body.size;
      if (mayBeDone && isComplete && await isStored(state, digest, options)) {
        return;
      }
      if (curable) throw new UploadLost(fault);
      if (body === undefined) continue;
      if (handed < WORTH_ASKING) throw new UploadLost(fault);
      const held = await ask(state, options);
      const isPart = held !== undefined && held > start &&
        held <= start + body.size;
      if (!isPart) throw new UploadLost(fault);
      attempts.reset();
      state.offset = held;
      state.wasResumed = true;
      await deliver(state, partialSource(body, held - start), options);
      body = undefined;
    }
  }
}

/** A body up to this size is sent at once where its source can give it so. */
const SMALL_BODY = 256 * 1024;

/** A small content whole, where its source can give it. */
async function smallBody(
  source: Source,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (source.bytes === undefined || source.size > SMALL_BODY) return undefined;
  const bytes = await source.bytes();
  if (bytes.byteLength === source.size) return bytes;
  throw sourceSizeError(source.size, bytes.byteLength);
}

/** Whether a body was refused for its size. */
export function isTooLarge(fault: unknown): boolean {
  return fault instanceof RegistryError && fault.status === 413;
}

/** Whether a fault means that nothing was taken of the request. */
function tookNothing(fault: unknown): boolean {
  return fault instanceof RegistryError
    ? fault.status === 429 || fault.status === 503
    : fault instanceof ConnectionError && fault.code === "CONNECTION_REFUSED";
}

/** Whether an upload is not there, or not as far as was thought. */
function isDenial(fault: unknown): boolean {
  return fault instanceof RegistryError &&
    (fault.status === 404 || fault.status === 416);
}

/** Asks what an upload holds, until there is an answer. */
async function ask(
  state: UploadState,
  { attempts, signal }: DeliverOptions,
): Promise<number | undefined> {
  while (true) {
    try {
      return await askUpload(state, { signal });
    } catch (fault) {
      const url = state.location;
      await attempts.next(fault, { method: "GET", url, signal });
    }
  }
}

/** Whether the blob is there. What cannot be told counts as no. */
async function isStored(
  { client, repository }: UploadState,
  digest: string,
  { signal }: SignalOptions,
): Promise<boolean> {
  try {
    const response = await client.send({
      method: "HEAD",
      url: `v2/${repository}/blobs/${digest}`,
      scopes: uploadScopes(repository),
      signal,
      retry: false,
    });
    await discard(response);
    return response.status === 200;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ConnectionError) return false;
    throw error;
  }
}
