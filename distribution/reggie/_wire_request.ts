import { redactUrl } from "../redact.ts";
import type { TransportRequest } from "../transport.ts";
import { openPlaceholders } from "./_path.ts";
import type { Request } from "./request.ts";

/** Brings a request to what a transport takes. The base tells the length of the body. */
export function toWire(request: Request, userAgent: string): TransportRequest {
  const { body, headers, method } = request;
  const url = checkUrl(request);
  const told = headers.get("content-length");
  headers.delete("content-length");
  const size = body === undefined
    ? 0
    : body instanceof Uint8Array
    ? body.byteLength
    : body.size;
  if (told !== null && told !== String(size)) {
    throw new TypeError(
      `Cannot ${method} ${
        redactUrl(url)
      }: its Content-Length is ${told}, and its body has ${size} bytes`,
    );
  }
  if (!headers.has("user-agent")) headers.set("user-agent", userAgent);
  const large = method === "GET" && url.pathname.includes("/blobs/");
  return { method, url, headers, body, large };
}

function checkUrl({ method, url: text }: Request): URL {
  const open = openPlaceholders(text);
  if (open.length > 0) {
    throw new TypeError(
      `Cannot send a ${method} request: there is no value for ${
        open.join(" and ")
      }`,
    );
  }
  const url = URL.parse(text);
  if (url === null || /\/{3,}/.test(url.pathname)) {
    throw new TypeError(
      `Cannot send a ${method} request: its URL is malformed`,
    );
  }
  url.username = "";
  url.password = "";
  url.hash = "";
  return url;
}
