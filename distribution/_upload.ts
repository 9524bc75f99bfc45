import { tapStream } from "../digest/_tap_stream.ts";
import { discard } from "./_discard.ts";
import { failure } from "./_failure.ts";
import { ProtocolError, RegistryError, SecurityError } from "./errors.ts";
import type { MountSource } from "./mount_source.ts";
import { isPrivateHost } from "./private_address.ts";
import { redactUrl } from "./redact.ts";
import type { RegistryClient } from "./registry_client.ts";
import { retry } from "./retry.ts";
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
  /** The size of parts, where the content is to go up in parts. */
  readonly chunkSize?: number | undefined;
  /** Aborts the upload. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes have been handed to the network. */
  readonly onBytes: (transferred: number) => void;
}

const OCTETS = "application/octet-stream";
/** How long the cancelling of a failed session may hold up the failure, in milliseconds. */
const CANCEL_TIMEOUT = 2_000;

/**
 * Uploads a blob (distribution-spec §Pushing Blobs): one POST opens a session, one
 * PUT with the exact length carries the content; in parts only where that is asked
 * for or the transport cannot send a length.
 *
 * A fault that passes begins a new session, because what a session holds after
 * half a body is the registry's secret.
 */
export async function upload(
  client: RegistryClient,
  request: UploadRequest,
): Promise<"uploaded" | "mounted"> {
  const { digest, repository, signal, source } = request;
  const action = `Cannot push blob ${digest} to ${repository}`;
  const scopes = [`repository:${repository}:pull,push`];
  let session = await mount(client, request, action);
  if (session === "mounted") return session;

  const chunkSize = request.chunkSize ?? client.maxBodySize;
  const inParts = chunkSize !== undefined && source.size > chunkSize;
  // One attempt is a session and what fills it: this is what the policy repeats.
  const attempt = retry(async () => {
    const location = session as URL | undefined ??
      await open(client, request, action, scopes);
    session = undefined;
    try {
      const end = inParts
        ? await sendParts(client, request, location, {
          action,
          chunkSize,
          scopes,
        })
        : location;
      const response = await client.send({
        method: "PUT",
        url: withDigest(end, digest),
        headers: { "content-type": OCTETS },
        body: inParts ? undefined : counted(source, request.onBytes),
        scopes,
        signal,
        retry: false,
      });
      if (response.status >= 400) await cancelSession(client, location, scopes);
      return response;
    } catch (error) {
      await cancelSession(client, location, scopes);
      throw error;
    }
  }, client.retryOptions);

  const url = new URL(`v2/${repository}/blobs/uploads/`, client.origin);
  const response = await attempt({
    method: "PUT",
    url,
    headers: new Headers(),
    signal,
  });
  if (response.status !== 201 && response.status !== 204) {
    const { clock } = client.retryOptions;
    throw await failure(response, {
      action,
      method: "PUT",
      url,
      signal,
      clock,
    });
  }
  await discard(response);
  return "uploaded";
}

/** Tries to mount. A session comes back where the registry answers with one, as it may. */
async function mount(
  client: RegistryClient,
  request: UploadRequest,
  action: string,
): Promise<"mounted" | URL | undefined> {
  if (request.mount === undefined) return undefined;
  const { digest, repository, signal } = request;
  const { from } = request.mount;
  let response: Response;
  try {
    response = await client.send({
      method: "POST",
      url: `v2/${repository}/blobs/uploads/?mount=${
        encodeURIComponent(digest)
      }&from=${encodeURIComponent(from)}`,
      scopes: [`repository:${repository}:pull,push`, `repository:${from}:pull`],
      signal,
    });
  } catch (error) {
    // A source that may not be read is no reason to fail, whoever says so.
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
  await discard(response);
  if (response.status === 201) return "mounted";
  return response.status === 202
    ? sessionLocation(client, response, action)
    : undefined;
}

async function open(
  client: RegistryClient,
  request: UploadRequest,
  action: string,
  scopes: readonly string[],
): Promise<URL> {
  const response = await client.send({
    method: "POST",
    url: `v2/${request.repository}/blobs/uploads/`,
    action,
    expect: [202],
    scopes,
    signal: request.signal,
    retry: false,
  });
  await discard(response);
  return sessionLocation(client, response, action);
}

/** Sends a source in parts by PATCH, and gives where the closing PUT goes. */
async function sendParts(
  client: RegistryClient,
  request: UploadRequest,
  location: URL,
  options: { action: string; chunkSize: number; scopes: readonly string[] },
): Promise<URL> {
  const { action, chunkSize, scopes } = options;
  const { onBytes, signal, source } = request;
  let offset = 0;
  for await (const part of parts(await source.open(), chunkSize)) {
    const end = offset + part.byteLength;
    const response = await client.send({
      method: "PATCH",
      url: location,
      action,
      // ECR and others say 201.
      expect: [202, 201, 204],
      headers: {
        "content-type": OCTETS,
        "content-range": `${offset}-${end - 1}`,
      },
      body: part,
      scopes,
      signal,
      retry: false,
    });
    await discard(response);
    location = sessionLocation(client, response, action, location);
    offset = end;
    onBytes(offset);
  }
  return location;
}

/** Cuts a stream into parts of one size; the last may be smaller. */
async function* parts(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let part = new Uint8Array(size);
  let filled = 0;
  for await (let chunk of stream) {
    while (chunk.byteLength > 0) {
      const length = Math.min(chunk.byteLength, size - filled);
      part.set(chunk.subarray(0, length), filled);
      filled += length;
      chunk = chunk.subarray(length);
      if (filled < size) continue;
      yield part;
      part = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/**
 * Where a session goes on (traps of real registries: relative, on another host,
 * with signed parameters that must be kept).
 */
function sessionLocation(
  client: RegistryClient,
  response: Response,
  action: string,
  fallback?: URL,
): URL {
  const text = response.headers.get("location");
  if (text === null) {
    if (fallback !== undefined) return fallback;
    throw new ProtocolError(
      "LOCATION_MISSING",
      `${action}: the registry gave no upload location`,
    );
  }
  const location = URL.parse(text, response.url || client.origin);
  if (location === null) {
    throw new ProtocolError(
      "LOCATION_INVALID",
      `${action}: the upload location is no URL`,
    );
  }
  if (location.origin === client.origin.origin) return location;
  if (client.origin.protocol === "https:" && location.protocol !== "https:") {
    throw new SecurityError(
      "LOCATION_DOWNGRADE",
      `${action}: the upload location ${redactUrl(location)} gives up TLS`,
      {
        hint:
          "A registry behind a TLS proxy needs to be told so, with X-Forwarded-Proto",
      },
    );
  }
  if (
    isPrivateHost(location.hostname) && !isPrivateHost(client.origin.hostname)
  ) {
    throw new SecurityError(
      "LOCATION_PRIVATE",
      `${action}: the upload location ${
        redactUrl(location)
      } is on a private address`,
    );
  }
  return location;
}

function withDigest(location: URL, digest: string): URL {
  const url = new URL(location);
  // Appended as text: setting it through searchParams would re-encode a signature.
  url.search += `${url.search === "" ? "?" : "&"}digest=${
    encodeURIComponent(digest)
  }`;
  return url;
}

/** Lets the registry forget a session that failed (distribution-spec, end-14). Nothing depends on it. */
async function cancelSession(
  client: RegistryClient,
  location: URL,
  scopes: readonly string[],
): Promise<void> {
  try {
    await discard(
      await client.send({
        method: "DELETE",
        url: location,
        scopes,
        retry: false,
        signal: AbortSignal.timeout(CANCEL_TIMEOUT),
      }),
    );
  } catch {
    // The registry forgets it by itself in time.
  }
}

/** The same source, telling how far each opened stream has been read. */
function counted(
  source: Source,
  onBytes: (transferred: number) => void,
): Source {
  return {
    size: source.size,
    async open(offset = 0) {
      let transferred = offset;
      return tapStream(await source.open(offset), {
        chunk(chunk) {
          transferred += chunk.byteLength;
          onBytes(transferred);
        },
      });
    },
  };
}
