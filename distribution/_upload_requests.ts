import { CANONICAL_ALGORITHM } from "../digest/algorithm.ts";
import { discard } from "./_discard.ts";
import { uploadLocation, withDigest } from "./_upload_location.ts";
import { RegistryError } from "./errors.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./signal_options.ts";
import type { Source } from "./source.ts";

/** An upload that a registry has begun, and how far it is. */
export interface UploadState {
  /** The registry's client. */
  readonly client: RegistryClient;
  /** The repository. */
  readonly repository: string;
  /** What could not be done if something fails. */
  readonly action: string;
  /** Where the next request goes: what the last answer said. */
  location: URL;
  /** The bytes that the registry holds, as far as is known. */
  offset: number;
  /** The least that a part but the last may have, in bytes. */
  minChunkSize: number | undefined;
  /** Whether it was gone on with from where the registry said that it was. */
  wasResumed: boolean;
}

const OCTETS = "application/octet-stream";
/** How long the cancelling of a failed session may hold up the failure, in milliseconds. */
const CANCEL_TIMEOUT = 2_000;

/** The token scopes that an upload needs. Pulling is among them, because some registries want it for HEAD. */
export function uploadScopes(repository: string): string[] {
  return [`repository:${repository}:pull,push`];
}

/** Begins an upload by `POST` (end-4a). */
export async function beginUpload(
  client: RegistryClient,
  request: SignalOptions & {
    readonly repository: string;
    readonly action: string;
    readonly algorithm: string;
    readonly retry: boolean;
  },
): Promise<UploadState> {
  const { action, algorithm, repository, retry, signal } = request;
  const hint = algorithm === CANONICAL_ALGORITHM
    ? ""
    : `?digest-algorithm=${encodeURIComponent(algorithm)}`;
  const response = await client.send({
    method: "POST",
    url: `v2/${repository}/blobs/uploads/${hint}`,
    action,
    expect: [202],
    scopes: uploadScopes(repository),
    // Begun twice, one of them is left alone, and expires.
    idempotent: true,
    signal,
    retry,
  });
  await discard(response);
  return uploadState(client, { repository, action }, response);
}

/** The upload that an answer 202 tells of. */
export function uploadState(
  client: RegistryClient,
  { action, repository }: Pick<UploadState, "action" | "repository">,
  response: Response,
): UploadState {
  const least = Number(response.headers.get("oci-chunk-min-length"));
  return {
    client,
    repository,
    action,
    location: uploadLocation(client, response, action),
    offset: 0,
    minChunkSize: Number.isSafeInteger(least) && least > 0 ? least : undefined,
    wasResumed: false,
  };
}

/** Adds content behind what is there by `PATCH` (end-5), once. */
export async function patchUpload(
  state: UploadState,
  content: Uint8Array<ArrayBuffer> | Source,
  { signal }: SignalOptions,
): Promise<void> {
  const { action, client, location, offset, repository } = state;
  const size = content instanceof Uint8Array
    ? content.byteLength
    : content.size;
  const response = await client.send({
    method: "PATCH",
    url: location,
    action,
    // ECR and others say 201.
    expect: [202, 201, 204],
    headers: {
      "content-type": OCTETS,
      "content-range": `${offset}-${offset + size - 1}`,
    },
    body: content,
    scopes: uploadScopes(repository),
    signal,
    retry: false,
  });
  await discard(response);
  state.location = uploadLocation(client, response, action, location);
  state.offset = offset + size;
}

/** Makes a blob of the upload by `PUT` (end-6), perhaps with its content, once. */
export async function putUpload(
  { action, client, location, repository }: UploadState,
  digest: string,
  content: Uint8Array<ArrayBuffer> | Source | undefined,
  { signal }: SignalOptions,
): Promise<void> {
  const response = await client.send({
    method: "PUT",
    url: withDigest(location, digest),
    action,
    expect: [201, 204],
    headers: { "content-type": OCTETS },
    body: content,
    scopes: uploadScopes(repository),
    signal,
    retry: false,
  });
  await discard(response);
}

/**
 * Asks how much the registry holds (end-13), once unless told otherwise; undefined where it does not
 * know the upload any more, or its answer may mean anything.
 */
export async function askUpload(
  state: UploadState,
  { retry = false, signal }: SignalOptions & { readonly retry?: boolean },
): Promise<number | undefined> {
  const { action, client, location, repository } = state;
  let response: Response;
  try {
    response = await client.send({
      method: "GET",
      url: location,
      action,
      expect: [204, 202, 200],
      scopes: uploadScopes(repository),
      signal,
      retry,
    });
  } catch (error) {
    if (error instanceof RegistryError && isFinal(error.status)) {
      return undefined;
    }
    throw error;
  }
  await discard(response);
  state.location = uploadLocation(client, response, action, location);
  const range = /^(?:bytes=)?0-(\d+)$/.exec(
    response.headers.get("range")?.trim() ?? "",
  );
  // `0-0` is said of one byte and of none.
  if (range === null || range[1] === "0") return undefined;
  const held = Number(range[1]) + 1;
  return Number.isSafeInteger(held) ? held : undefined;
}

/** Whether an answer stays the same however often it is asked for. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 408 && status !== 429;
}

/** Lets the registry forget an upload that failed (end-14). Nothing depends on it. */
export async function dropUpload(
  { client, location, repository }: UploadState,
): Promise<void> {
  try {
    await discard(
      await client.send({
        method: "DELETE",
        url: location,
        scopes: uploadScopes(repository),
        retry: false,
        signal: AbortSignal.timeout(CANCEL_TIMEOUT),
      }),
    );
  } catch {
    // The registry forgets it by itself in time.
  }
}
