import { guardBody } from "../_body_stream.ts";
import { tapStream } from "../../digest/_tap_stream.ts";
import { RequestError } from "./request_error.ts";

/** A request's body breaks one of its own promises about its length. */
export function sizeInvalid(message: string): RequestError {
  return new RequestError(400, "SIZE_INVALID", message);
}

/**
 * The length that a request's headers announce, or undefined.
 *
 * @throws {RequestError} 400 `SIZE_INVALID`: the header is no number.
 */
export function announcedLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw sizeInvalid("The header Content-Length is no length");
  }
  return Number(text);
}

/**
 * A request's body, passed through `see`, which fails as soon as it is longer than
 * `expected`, or at an end that comes too early.
 */
export function incomingBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  expected: number | undefined,
  see: (chunk: Uint8Array) => void | Promise<void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let seen = 0;
  const guarded = guardBody(body, undefined, {
    mapError: (cause) =>
      new RequestError(
        400,
        "BLOB_UPLOAD_INVALID",
        "The request's body broke off",
        { cause },
      ),
  });
  return tapStream(guarded, {
    chunk(chunk) {
      seen += chunk.byteLength;
      if (expected !== undefined && seen > expected) {
        throw sizeInvalid("The body is longer than announced");
      }
      return see(chunk);
    },
    end() {
      if (expected !== undefined && seen < expected) {
        throw sizeInvalid("The body is shorter than announced");
      }
    },
  });
}

/**
 * Reads a whole body of at most `limit` bytes.
 *
 * @throws {RequestError} 413: the body is longer, which is noticed while it arrives.
 */
export async function readBounded(
  request: Request,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = announcedLength(request.headers);
  if (announced !== undefined && announced > limit) throw tooLarge(limit);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const body = incomingBody(request.body, announced, () => {});
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function tooLarge(limit: number): RequestError {
  return new RequestError(
    413,
    "MANIFEST_INVALID",
    `The manifest is larger than ${limit} bytes`,
  );
}
