import { Digest } from "../digest/digest.ts";
import { Attempts } from "./_attempts.ts";
import { deliver, finishUpload, isTooLarge, UploadLost } from "./_deliver.ts";
import { discard } from "./_discard.ts";
import { countedSource, partialSource } from "./_partial_source.ts";
import {
  beginUpload,
  dropUpload,
  uploadScopes,
  type UploadState,
  uploadState,
} from "./_upload_requests.ts";
import { learn } from "./capabilities.ts";
import { RegistryError } from "./errors.ts";
import type { MountSource } from "./mount_source.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { Source } from "./source.ts";

/** An upload to make. */
export interface UploadRequest {
  /** The repository. */
  readonly repository: string;
  /** The digest of the whole content. */
  readonly digest: string;
  /** The content. */
  readonly source: Source;
  /** Another repository that may hold it. */
  readonly mount?: MountSource | undefined;
  /** Whether to try a single `POST`. */
  readonly singlePost?: boolean | undefined;
  /** The size of parts, where the content is to go up in parts. */
  readonly chunkSize?: number | undefined;
  /** Aborts the upload. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes have been handed to the network. */
  readonly onBytes: (transferred: number) => void;
}

/** The size of parts where none is asked for: what registries take that take parts. */
export const PART_SIZE: number = 4 * 1024 * 1024;

/** What is tried in turn: a proxy such as nginx takes 1 MiB where it was told nothing. */
const PART_SIZES = [PART_SIZE, 1024 * 1024, 256 * 1024];

/**
 * Uploads a blob (distribution-spec §Pushing Blobs): one POST opens a session, one
 * PUT with the exact length carries the content.
 *
 * In parts where that is asked for, where the transport cannot send a length, and
 * where the registry refused a body for its size or cut a large one off. After a
 * fault that passes the session is gone on with as far as the registry tells what it
 * holds; otherwise a new one is begun.
 */
export async function upload(
  client: RegistryClient,
  request: UploadRequest,
): Promise<"uploaded" | "mounted"> {
  const { digest, repository, signal, source } = request;
  const action = `Cannot push blob ${digest} to ${repository}`;
  const { algorithm } = Digest.parse(digest);
  const attempts = new Attempts(client);
  const plan = new Plan(client, request);

  let state = await tryMount(client, request, action);
  if (state === "mounted") return state;
  if (state === undefined && plan.singlePost) {
    const result = await trySinglePost(client, request, action);
    if (result === "uploaded") return result;
    state = result;
  }
  while (true) {
    try {
      state ??= await begin();
      const options = { attempts, signal, onBytes: request.onBytes };
      if (plan.inParts) {
        const size = Math.max(plan.chunkSize, state.minChunkSize ?? 0);
        while (state.offset < source.size) {
          const { offset } = state;
          const length = Math.min(size, source.size - offset);
          await deliver(state, partialSource(source, offset, length), options);
        }
      }
      const body = plan.inParts ? undefined : source;
      await finishUpload(state, digest, body, options);
      return "uploaded";
    } catch (error) {
      if (state !== undefined) await dropUpload(state);
      signal?.throwIfAborted();
      if (state === undefined || !plan.change(error, state)) {
        throw error instanceof UploadLost ? error.cause : error;
      }
      state = undefined;
    }
  }

  async function begin(): Promise<UploadState> {
    while (true) {
      try {
        const options = { repository, action, algorithm, retry: false, signal };
        return await beginUpload(client, options);
      } catch (fault) {
        const url = new URL(`v2/${repository}/blobs/uploads/`, client.origin);
        await attempts.next(fault, { method: "POST", url, signal });
      }
    }
  }
}

/** By which way a content goes up, and what is tried next when that fails. */
class Plan {
  /** The size of parts. */
  chunkSize: number;
  /** Whether to try a single `POST` first. */
  readonly singlePost: boolean;
  /** Whether the content goes up in parts. */
  inParts: boolean;
  readonly #client: RegistryClient;
  readonly #size: number;
  /** Whether the caller wants parts, or the transport needs them. */
  readonly #isFixed: boolean;
  #hasReturned = false;
  /** How often another upload may be begun. */
  #restarts: number;

  constructor(client: RegistryClient, request: UploadRequest) {
    const { chunkSize, singlePost, source } = request;
    const { capabilities, maxBodySize = Infinity, retryOptions } = client;
    const largest = Math.min(capabilities.maxBodySize ?? Infinity, maxBodySize);
    this.#client = client;
    this.#size = source.size;
    this.#restarts = retryOptions.maxAttempts ?? 6;
    this.#isFixed = chunkSize !== undefined || source.size > maxBodySize;
    this.chunkSize = chunkSize ?? partSize(largest);
    this.inParts = source.size > this.chunkSize &&
      (this.#isFixed || source.size > largest);
    this.singlePost = singlePost === true && !this.inParts &&
      capabilities.singlePost !== false;
  }

  /** Finds another way after a failure, and tells whether there is one. */
  change(error: unknown, { wasResumed }: UploadState): boolean {
    if (error instanceof UploadLost) {
      // A proxy that cuts large bodies off will do so again.
      if (error.wasCut && this.#size > PART_SIZE && this.#maySplit()) {
        this.inParts = true;
      }
      return --this.#restarts > 0;
    }
    if (!(error instanceof RegistryError)) return false;
    if (isTooLarge(error)) return this.#split();
    // What the registry held was not what it should have been.
    if (wasResumed && error.status === 400) return --this.#restarts > 0;
    // Parts were our idea, and the registry does not take them.
    if (this.#isFixed || !this.inParts) return false;
    if (error.status === 401 || error.status === 403) return false;
    if (error.status === 405 || error.status === 501) {
      learn(this.#client.capabilities, "parts", false);
    }
    this.#hasReturned = true;
    this.inParts = false;
    return true;
  }

  /** Whether a body may be cut into parts, or those into smaller ones. */
  #maySplit(): boolean {
    return !this.#isFixed && !this.#hasReturned &&
      this.#client.capabilities.parts !== false;
  }

  /** Goes over to parts, or to smaller ones, because a body was too large. */
  #split(): boolean {
    const { capabilities } = this.#client;
    const refused = this.inParts ? this.chunkSize : this.#size;
    if (!this.#maySplit() || refused <= PART_SIZES.at(-1)!) return false;
    capabilities.maxBodySize = Math.min(
      capabilities.maxBodySize ?? Infinity,
      refused - 1,
    );
    this.chunkSize = partSize(capabilities.maxBodySize);
    this.inParts = true;
    return true;
  }
}

/** The size of parts where no body may be larger than this. */
function partSize(largest: number): number {
  return PART_SIZES.find((size) => size <= largest) ?? largest;
}

/** Tries to mount (end-11). A session comes back where the registry answers with one, as it may. */
async function tryMount(
  client: RegistryClient,
  request: UploadRequest,
  action: string,
): Promise<"mounted" | UploadState | undefined> {
  if (request.mount === undefined) return undefined;
  const { digest, repository, signal } = request;
  const { capabilities } = client;
  const { from } = request.mount;
  if (from === undefined && capabilities.mountWithoutFrom === false) {
    return undefined;
  }
  const scopes = uploadScopes(repository);
  let query = `mount=${encodeURIComponent(digest)}`;
  if (from !== undefined) {
    query += `&from=${encodeURIComponent(from)}`;
    scopes.push(`repository:${from}:pull`);
  }
  let response: Response;
  try {
    response = await client.send({
      method: "POST",
      url: `v2/${repository}/blobs/uploads/?${query}`,
      scopes,
      idempotent: true,
      signal,
    });
  } catch (error) {
    // A source that may not be read is no reason to fail, whoever says so.
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
  await discard(response);
  const isTaken = response.status === 201 || response.status === 202;
  // Quay and others call it a mistake.
  if (from === undefined) learn(capabilities, "mountWithoutFrom", isTaken);
  if (response.status === 201) return "mounted";
  return response.status === 202
    ? uploadState(client, { repository, action }, response)
    : undefined;
}

/** Tries a single `POST` (end-4b). A session comes back where the registry does not know it. */
async function trySinglePost(
  client: RegistryClient,
  request: UploadRequest,
  action: string,
): Promise<"uploaded" | UploadState | undefined> {
  const { digest, onBytes, repository, signal, source } = request;
  const response = await client.send({
    method: "POST",
    url: `v2/${repository}/blobs/uploads/?digest=${encodeURIComponent(digest)}`,
    headers: { "content-type": "application/octet-stream" },
    body: countedSource(source, onBytes),
    scopes: uploadScopes(repository),
    idempotent: true,
    signal,
  });
  await discard(response);
  if (response.status === 201) {
    learn(client.capabilities, "singlePost", true);
    return "uploaded";
  }
  // Whatever is wrong, the usual way will tell, or will do.
  if (response.status !== 202) return undefined;
  learn(client.capabilities, "singlePost", false);
  return uploadState(client, { repository, action }, response);
}
