import type { Source } from "../source.ts";
import { toSource } from "../source.ts";

/** Brings a body to what a transport takes. */
export function toBody(
  body: string | object,
): Uint8Array<ArrayBuffer> | Source {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (isBytes(body)) return body;
  if (body instanceof Blob) return toSource(body);
  if (isSource(body)) return body;
  if (body instanceof ReadableStream) {
    throw refused("a stream can be read only once; give a Source");
  }
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    throw refused("expected bytes as a Uint8Array");
  }
  const text: string | undefined = JSON.stringify(body);
  if (text === undefined) throw refused("it has no JSON form");
  return new TextEncoder().encode(text);
}

function isBytes(body: object): body is Uint8Array<ArrayBuffer> {
  return body instanceof Uint8Array && body.buffer instanceof ArrayBuffer;
}

function isSource(body: object): body is Source {
  const { open, size } = body as Partial<Source>;
  return typeof open === "function" && typeof size === "number";
}

function refused(reason: string): TypeError {
  return new TypeError(`Cannot set the body of a request: ${reason}`);
}
