import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertRejects,
} from "@std/assert";
import { ConnectionError } from "../../distribution/errors.ts";
import { denoTransport } from "../../distribution/node/deno_transport.ts";
import type { BaseTransportOptions } from "../../distribution/transport_options.ts";
import {
  type Certificates,
  type Identity,
  makeCertificates,
} from "../_support/certificates.ts";
import { found } from "../_support/programs.ts";
import { ScriptedServer } from "../_support/scripted_server.ts";
import {
  pattern,
  request,
  STREAMING_BASES,
  testSource,
} from "../_support/transports.ts";

const MIB = 1024 * 1024;
const ignore = !found("openssl");
const certificates: Certificates = ignore
  ? {} as Certificates
  : await makeCertificates();

/** A server that answers each request with its method and the size of its body. */
function answering(tls: Identity): ScriptedServer {
  return new ScriptedServer(async (connection) => {
    while (true) {
      const head = await connection.readHead();
      if (head === undefined) return;
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      const seen = await connection.skip(length);
      await connection.respond("200 OK", {}, `${head.split(" ")[0]} ${seen}`);
    }
  }, { tls });
}

for (const [name, make] of STREAMING_BASES) {
  Deno.test({
    name: `${name} trusts the authorities and exceptions that it is given`,
    ignore,
    async fn(t) {
      const { ca, server, selfSigned, selfSignedLeaf } = certificates;
      const table: [string, Identity, BaseTransportOptions][] = [
        ["a private authority", server, { caCerts: [ca.cert] }],
        ["several authorities", server, {
          caCerts: [selfSigned.cert, ca.cert],
        }],
        ["authority and server at once", selfSigned, {
          caCerts: [selfSigned.cert],
        }],
        ["a self-signed leaf", selfSignedLeaf, {
          caCerts: [selfSignedLeaf.cert],
        }],
        ["anything", server, { insecure: true }],
        ["anything self-signed", selfSigned, { insecure: true }],
        ["any name", certificates.otherName, { insecure: true }],
      ];
      for (const [what, tls, options] of table) {
        await t.step(what, async () => {
          await using server = answering(tls);
          const transport = make(options);
          for (const host of ["localhost", "127.0.0.1"]) {
            for (let round = 0; round < 2; round++) {
              const got = await transport(request(server.url("/", host)));
              assertEquals(await got.text(), "GET 0");
              const put = await transport(
                request(server.url("/", host), {
                  method: "PUT",
                  body: testSource(5 * MIB),
                }),
              );
              assertEquals(await put.text(), `PUT ${5 * MIB}`);
            }
          }
          transport.close?.();
        });
      }
    },
  });

  Deno.test({
    name: `${name} tells why TLS failed`,
    ignore,
    async fn(t) {
      const { ca, server, selfSigned, otherName } = certificates;
      const table: [string, Identity, BaseTransportOptions, RegExp, boolean][] =
        [
          ["unknown authority", server, {}, /by an unknown authority$/, true],
          ["self-signed", selfSigned, {}, /is self-signed and not known/, true],
          [
            "another name",
            otherName,
            { caCerts: [ca.cert] },
            /the certificate is not valid for localhost/,
            true,
          ],
        ];
      for (const [what, tls, options, message, hint] of table) {
        await t.step(what, async () => {
          await using server = answering(tls);
          const transport = make(options);
          for (const method of ["GET", "PUT"]) {
            const url = server.url("/v2/?sig=secret", "localhost");
            const error = await assertRejects(
              () => transport(request(url, { method })),
              ConnectionError,
            );
            assertEquals(error.code, "TLS_FAILED");
            assertMatch(error.message, message);
            assertEquals(error.hint !== undefined, hint);
            assertNotMatch(Deno.inspect(error), /secret/);
          }
          assertEquals(server.heads, []);
          transport.close?.();
        });
      }
    },
  });

  Deno.test({
    name: `${name} fails a body that is cut off while its reader rests`,
    ignore,
    async fn() {
      const closed = Promise.withResolvers<void>();
      await using server = new ScriptedServer(async (connection) => {
        await connection.readHead();
        await connection.write(
          "HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n",
        );
        await connection.write(pattern(0, MIB));
        connection.close();
        closed.resolve();
      }, { tls: certificates.server });
      const transport = make({ insecure: true });
      const response = await transport(request(server.url()));
      const reader = response.body!.getReader();
      await reader.read();
      await closed.promise;
      // Only so is the end there before the body is read on.
      await new Promise((resolve) => setTimeout(resolve, 200));
      const error = await assertRejects(
        async () => {
          while (!(await reader.read()).done);
        },
        ConnectionError,
      );
      assertEquals(error.code, "CONNECTION_RESET");
      transport.close?.();
    },
  });

  Deno.test(`${name} says that a plain server does not speak TLS`, async () => {
    await using server = new ScriptedServer(async (connection) => {
      await connection.read(5);
      await connection.respond("400 Bad Request");
    });
    const transport = make();
    const url = new URL(`https://127.0.0.1:${server.port}/`);
    for (const method of ["GET", "PUT"]) {
      const error = await assertRejects(
        () => transport(request(url, { method })),
        ConnectionError,
      );
      assertEquals(error.code, "TLS_FAILED");
      assertMatch(error.message, /does not speak TLS$/);
    }
    transport.close?.();
  });

  Deno.test({
    name:
      `${name} follows a resolve rule and checks the name that was asked for`,
    ignore,
    async fn() {
      const { ca, otherName } = certificates;
      await using server = answering(otherName);
      const transport = make({
        caCerts: [ca.cert],
        resolve: [{
          host: "other.example",
          port: 443,
          address: "127.0.0.1",
          targetPort: server.port,
        }],
      });
      const response = await transport(
        request(new URL("https://other.example/v2/"), {
          headers: new Headers({ host: "third.example" }),
        }),
      );
      assertEquals(await response.text(), "GET 0");
      assertMatch(server.heads[0]!, /^host: third\.example$/m);
      transport.close?.();
    },
  });

  Deno.test({
    name: `${name} shows a client certificate`,
    ignore,
    async fn() {
      const { ca, server: tls, client } = certificates;
      const { createServer } = await import("node:https");
      const server = createServer({
        ...tls,
        ca: ca.cert,
        requestCert: true,
        rejectUnauthorized: true,
      }, (_, response) => response.end("welcome"));
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      const { port } = server.address() as { port: number };
      const url = new URL(`https://localhost:${port}/`);
      const transport = make({
        caCerts: [ca.cert],
        clientCert: client.cert,
        clientKey: client.key,
      });
      for (const method of ["GET", "PUT"]) {
        const response = await transport(request(url, { method }));
        assertEquals(await response.text(), "welcome");
      }
      transport.close?.();
      await new Promise((done) => server.close(done));
    },
  });

  Deno.test({
    name: `${name} shows no client certificate to where another host pointed`,
    ignore,
    async fn() {
      const { ca, server: tls, client } = certificates;
      const { createServer } = await import("node:https");
      const server = createServer({
        ...tls,
        ca: ca.cert,
        requestCert: true,
        rejectUnauthorized: false,
      }, (incoming, response) => {
        const { authorized } = incoming.socket as { authorized?: boolean };
        response.end(authorized ? "known" : "unknown");
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      const { port } = server.address() as { port: number };
      const url = new URL(`https://localhost:${port}/`);
      const transport = make({
        caCerts: [ca.cert],
        clientCert: client.cert,
        clientKey: client.key,
      });
      const seen: string[] = [];
      for (const anonymous of [false, true]) {
        for (const method of ["GET", "PUT"]) {
          const response = await transport({
            ...request(url, { method }),
            anonymous,
          });
          seen.push(await response.text());
        }
      }
      transport.close?.();
      await new Promise((done) => server.close(done));
      assertEquals(seen, ["known", "known", "unknown", "unknown"]);
    },
  });

  Deno.test(`${name} wants certificate and key together`, () => {
    for (const options of [{ clientCert: "x" }, { clientKey: "x" }]) {
      let error: unknown;
      try {
        make(options);
      } catch (thrown) {
        error = thrown;
      }
      assert(error instanceof TypeError);
    }
  });
}

Deno.test({
  name:
    "denoTransport() takes a large body in windows where Deno does not hold the sender back",
  ignore,
  async fn() {
    const total = 96 * MIB;
    let sent = 0;
    await using server = new ScriptedServer(async (connection) => {
      while (true) {
        const head = await connection.readHead();
        if (head === undefined) return;
        const [start, end] = /range: bytes=(\d+)-(\d+)/.exec(head)!.slice(1)
          .map(Number) as [number, number];
        await connection.write(
          "HTTP/1.1 206 Partial Content\r\n" +
            `content-range: bytes ${start}-${end}/${total}\r\n` +
            `content-length: ${end - start + 1}\r\n\r\n`,
        );
        for (let at = start; at <= end; at += MIB) {
          const block = pattern(at, Math.min(MIB, end + 1 - at));
          await connection.write(block);
          sent += block.byteLength;
        }
      }
    }, { tls: certificates.server });
    const transport = denoTransport({ insecure: true });
    const response = await transport(request(server.url(), { large: true }));
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-length"), String(total));
    const reader = response.body!.getReader({ mode: "byob" });
    let buffer = new Uint8Array(MIB);
    let position = 0;
    while (true) {
      const { value, done } = await reader.read(buffer);
      if (done) break;
      assertEquals(value, pattern(position, value.byteLength));
      position += value.byteLength;
      if (position < 4 * MIB) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        assert(sent <= 16 * MIB, `${sent} bytes were taken from the sender`);
      }
      buffer = new Uint8Array(value.buffer);
    }
    assertEquals(position, total);
    transport.close?.();
  },
});
