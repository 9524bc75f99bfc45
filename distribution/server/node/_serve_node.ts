import {
  createServer as createPlainServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FetchHandler, Listen } from "./serve.ts";

/** How often at least it is looked for heads that are overdue, in milliseconds. */
const LONGEST = 30_000;

/** Serves with `node:http` or `node:https`, in Node and Bun. */
export const serveWithNode: Listen = async (
  handler,
  { hostname, port, tls, headTimeout },
) => {
  const scheme = tls === undefined ? "http" : "https";
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // Whatever fails here has broken this connection, and no other.
    answer(handler, scheme, incoming, outgoing).catch(() => outgoing.destroy());
  };
  const limits = {
    // Uploads take as long as they take. Without it, heads would have no limit either.
    requestTimeout: 0,
    headersTimeout: headTimeout,
    connectionsCheckingInterval: Math.min(headTimeout / 2 || LONGEST, LONGEST),
  };
  const server = tls === undefined
    ? createPlainServer(limits, listener)
    : createTlsServer({ ...limits, ...tls }, listener);
  const stopped = new Promise<void>((resolve) => {
    server.once("close", () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    finished: stopped,
    shutdown() {
      server.close();
      server.closeIdleConnections();
      return stopped;
    },
  };
};

async function answer(
  handler: FetchHandler,
  scheme: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const address = incoming.socket.remoteAddress;
  let request: Request;
  try {
    request = toRequest(scheme, incoming);
  } catch {
    // A host that is none, or a method that no `Request` has.
    outgoing.writeHead(400).end();
    return;
  }
  const response = await handler.fetch(
    request,
    address === undefined ? {} : { remoteAddr: { hostname: address } },
  );
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    outgoing.appendHeader(name, value);
  }
  if (response.body === null) {
    outgoing.end();
    return;
  }
  // deno-lint-ignore no-explicit-any -- the two declarations of web streams differ
  await pipeline(Readable.fromWeb(response.body as any), outgoing);
}

function toRequest(scheme: string, incoming: IncomingMessage): Request {
  const { method = "GET", rawHeaders } = incoming;
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index]!, rawHeaders[index + 1]!);
  }
  const host = headers.get("host") ?? "localhost";
  const hasBody = headers.has("transfer-encoding") ||
    Number(headers.get("content-length") ?? 0) > 0;
  return new Request(`${scheme}://${host}${incoming.url ?? "/"}`, {
    method,
    headers,
    ...(hasBody && method !== "GET" && method !== "HEAD"
      ? { body: toWebStream(incoming), duplex: "half" }
      : {}),
  });
}

/**
 * A request's body as a byte stream. `Readable.toWeb` will not do: its stream
 * fails when the rest of an unread body arrives after it was cancelled.
 */
function toWebStream(
  incoming: IncomingMessage,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else {
        // Several pieces can lie in one buffer, and a stream takes the whole away.
        controller.enqueue(new Uint8Array(value));
      }
    },
    async cancel() {
      await chunks.return?.();
    },
  }, { highWaterMark: 0 });
}
