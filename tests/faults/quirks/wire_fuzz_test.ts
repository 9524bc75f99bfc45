import { assert, assertRejects } from "@std/assert";
import { Digest, OciError } from "@gantry/oci/digest";
import {
  ConnectionError,
  fetchTransport,
  makeTransport,
  RegistryClient,
  type Repository,
  toSource,
  type Transport,
} from "@gantry/oci/distribution";
import { denoTransport, nodeTransport } from "@gantry/oci/distribution/node";
import { MediaTypes } from "@gantry/oci/image";
import {
  type ScriptedConnection,
  ScriptedServer,
} from "../../_support/scripted_server.ts";
import { testSource } from "../../_support/transports.ts";
import { pick, type Random, randomFrom } from "./_evil_answers.ts";

const TEXT = "0123456789";
const BLOB = {
  mediaType: "text/plain",
  digest: String(await Digest.fromString(TEXT)),
  size: TEXT.length,
};
const INDEX = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
const LARGE = 300_000;

const OPERATIONS: readonly ((repository: Repository) => Promise<unknown>)[] = [
  ({ manifests }) => manifests.get("v1"),
  ({ manifests }) => manifests.head("v1"),
  ({ manifests }) =>
    manifests.put("v1", INDEX, { mediaType: MediaTypes.index }),
  ({ tags }) => Array.fromAsync(tags.list()),
  async ({ blobs }) => await new Response(await blobs.get(BLOB)).text(),
  ({ blobs }) => blobs.push(BLOB, toSource(TEXT)),
  ({ blobs }) => blobs.push(BLOB, toSource(TEXT), { chunkSize: 4 }),
  ({ blobs }) =>
    blobs.push({ ...BLOB, size: LARGE }, testSource(LARGE), {
      skipCheck: true,
    }),
];

const HEADS = [
  ...["HTTP/1.1 200 OK", "HTTP/1.1 202 Accepted", "HTTP/1.1 201 Created"],
  ...["HTTP/1.1 206 Partial Content", "HTTP/1.1 404 Not Found"],
  ...["HTTP/1.1 100 Continue", "HTTP/1.1 103 Early Hints", "HTTP/1.1 204 No"],
  ...["HTTP/1.1 999 What", "HTTP/1.1 000", "HTTP/1.1", "HTTP/2 200", "ICY 200"],
  ...["HTTP/1.0 200 OK", "HTTP/1.1 200", "200 OK", "\0\0\0", "\x16\x03\x01"],
  ...["HTTP/1.1 101 Switching Protocols", "HTTP/1.1 304 Not Modified"],
];
const LINES = [
  ...["content-length: 5", "content-length: 0", "content-length: -1"],
  ...["content-length: 5\r\ncontent-length: 6", "content-length: 9999999999"],
  ...["transfer-encoding: chunked", "transfer-encoding: gzip, chunked"],
  ...["transfer-encoding: chunked\r\ncontent-length: 3", "connection: close"],
  ...[
    "location: /v2/app/blobs/uploads/1",
    "location: http://[",
    "upgrade: h2c",
  ],
  ...["no colon at all", " folded", ": no name", "name with space: x", "x:\0y"],
  ...[`x: ${"y".repeat(5_000)}`, "content-encoding: gzip", "trailer: x"],
  ...["content-type: application/vnd.oci.image.index.v1+json", "x: \xff\xfe"],
];
const BODIES = [
  ...["", "hello", "5\r\nhello\r\n0\r\n\r\n", "5\r\nhel", "zz\r\nhello\r\n"],
  ...[
    "ffffffffffffffff\r\nx",
    "0\r\n\r\n",
    "\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
  ],
  ...[TEXT, new TextDecoder().decode(INDEX), "x".repeat(100_000), "\x1f\x8bx"],
];

/** Reads some of a request, and answers what no server would. */
async function misbehave(
  connection: ScriptedConnection,
  next: Random,
): Promise<void> {
  for (;;) {
    const way = next(14);
    if (way === 0) return;
    if (await connection.readHead() === undefined) return;
    if (way === 1) return;
    if (way === 2) {
      // Says nothing more: the client gives up.
      await connection.ended();
      return;
    }
    const head = [pick(next, HEADS)];
    for (let count = next(4); count > 0; count--) head.push(pick(next, LINES));
    const text = head.join("\r\n");
    if (way === 3) {
      await connection.write(text.slice(0, next(text.length)));
      return;
    }
    await connection.write(`${text}\r\n\r\n${pick(next, BODIES)}`);
    if (way < 10) return;
  }
}

const BASES: readonly [name: string, make: () => Transport][] = [
  ["denoTransport()", denoTransport],
  ["nodeTransport()", nodeTransport],
  ["fetchTransport()", () => {
    const client = Deno.createHttpClient({ http2: false });
    const base = fetchTransport({ client });
    return makeTransport(base, {
      maxBodySize: base.maxBodySize,
      close: () => client.close(),
    });
  }],
];

for (const [name, make] of BASES) {
  Deno.test(`nothing on the wire makes ${name} hang or fail without a name`, async () => {
    const next = randomFrom(7);
    await using server = new ScriptedServer((connection) =>
      misbehave(connection, next)
    );
    const transport = make();
    using client = new RegistryClient(server.url().host, {
      transport,
      plainHttp: true,
      stallTimeout: 100,
      timeout: 5_000,
      retry: { maxAttempts: 2, sleep: () => Promise.resolve() },
    });
    const repository = client.repository("app");
    for (let round = 0; round < 80; round++) {
      const operation = next(OPERATIONS.length);
      try {
        await OPERATIONS[operation]!(repository);
      } catch (error) {
        assert(
          error instanceof OciError,
          `round ${round}, operation ${operation}: ${Deno.inspect(error)}`,
        );
      }
    }
    transport.close?.();
  });
}

for (const [name, make] of BASES) {
  Deno.test(`a status that is none fails by name (${name})`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      while (await connection.readHead() !== undefined) {
        await connection.respond("999 Request Denied", {}, "go away");
      }
    });
    const transport = make();
    using client = new RegistryClient(server.url().host, {
      transport,
      plainHttp: true,
      retry: { maxAttempts: 1 },
    });
    await assertRejects(() => client.ping(), ConnectionError, "999");
    transport.close?.();
  });
}
