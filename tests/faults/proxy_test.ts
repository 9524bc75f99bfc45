import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ConnectionError,
  proxyFor,
  type ProxyOptions,
} from "@gantry/oci/distribution";
import { proxyFromEnvironment } from "../../distribution/node/proxy_from_environment.ts";
import { makeCertificates } from "../_support/certificates.ts";
import { found } from "../_support/programs.ts";
import { ProxyServer } from "../_support/proxy_server.ts";
import { ScriptedServer } from "../_support/scripted_server.ts";
import {
  request,
  STREAMING_BASES,
  testSource,
} from "../_support/transports.ts";

const MIB = 1024 * 1024;
const AUTHORIZATION = `Basic ${btoa("me:p@ss")}`;

/** A server that answers each request with its method and the size of its body. */
function answering(
  tls?: { readonly cert: string; readonly key: string },
): ScriptedServer {
  return new ScriptedServer(async (connection) => {
    for (let head; (head = await connection.readHead()) !== undefined;) {
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      const seen = await connection.skip(length);
      const text = `${head.split(" ")[0]} ${seen}`;
      if (tls !== undefined) {
        await connection.respond("200 OK", {}, text);
        continue;
      }
      // The little proxy knows one request for each connection.
      await connection.respond("200 OK", { connection: "close" }, text);
      return;
    }
  }, tls && { tls });
}

const ROUTES: [
  name: string,
  url: string,
  options: ProxyOptions,
  expected: string | undefined,
][] = [
  ["takes the proxy of the scheme", "http://a.example/", {
    http: "http://p:1",
    https: "http://q:2",
  }, "http://p:1/"],
  ["goes directly where no proxy is given for it", "https://a.example/", {
    http: "http://p:1",
  }, undefined],
  ["adds the scheme", "http://a.example/", { http: "p:1" }, "http://p:1/"],
  ["goes directly to localhost", "http://localhost:5000/", {
    http: "http://p",
  }, undefined],
  ["goes directly to 127.0.0.2", "http://127.0.0.2/", {
    http: "http://p",
  }, undefined],
  ["goes directly to ::1", "http://[::1]:5000/", { http: "p" }, undefined],
];

for (const [name, url, options, expected] of ROUTES) {
  Deno.test(`proxyFor() ${name}`, () => {
    assertEquals(proxyFor(new URL(url), options)?.href, expected);
  });
}

const BYPASSES: [entry: string, hit: string[], miss: string[]][] = [
  ["corp.example", ["corp.example", "a.b.corp.example"], ["mycorp.example"]],
  [".corp.example", ["a.corp.example"], ["corp.example"]],
  ["*.corp.example", ["a.corp.example"], ["corp.example"]],
  ["Corp.Example", ["corp.example"], ["corp.example.org"]],
  ["corp.example:8443", ["corp.example:8443"], ["corp.example"]],
  ["corp.example:443", ["corp.example"], ["corp.example:444"]],
  ["10.0.0.0/8", ["10.1.2.3"], ["11.1.2.3", "10.example"]],
  ["10.1.2.3", ["10.1.2.3"], ["10.1.2.30"]],
  ["[2001:db8::1]:443", ["[2001:db8::1]"], ["[2001:db8::2]"]],
  ["2001:db8::1", ["[2001:db8::1]"], ["[2001:db8::2]"]],
  ["*", ["anything.example"], []],
  ["", [], ["a.example"]],
];

for (const [entry, hit, miss] of BYPASSES) {
  Deno.test(`proxyFor() understands ${JSON.stringify(entry)} among what it leaves out`, () => {
    const options = { https: "http://p:1", bypass: [entry] };
    for (const host of [...hit, ...miss]) {
      assertEquals(
        proxyFor(new URL(`https://${host}/`), options) === undefined,
        hit.includes(host),
        host,
      );
    }
  });
}

Deno.test("proxyFor() says what is wrong with a proxy, and not its password", () => {
  for (const https of ["socks5://me:s3cr3t@p:1", "http://me:s3cr3t@:x"]) {
    const error = assertThrows(
      () => proxyFor(new URL("https://a.example"), { https }),
      TypeError,
      "Cannot use the proxy: expected an http or https URL",
    );
    assert(!Deno.inspect(error).includes("s3cr3t"));
  }
});

const ENVIRONMENTS: [Record<string, string>, ProxyOptions][] = [
  [{}, {}],
  [{ HTTP_PROXY: "a", HTTPS_PROXY: "b", NO_PROXY: " x , ,y" }, {
    http: "a",
    https: "b",
    bypass: ["x", "y"],
  }],
  [{ HTTP_PROXY: "a", http_proxy: "b" }, { http: "b" }],
  [{ ALL_PROXY: "a", https_proxy: "b" }, { http: "a", https: "b" }],
  [{ ALL_PROXY: "socks5://a" }, {}],
  [{ REQUEST_METHOD: "GET", HTTP_PROXY: "evil" }, {}],
  [{ REQUEST_METHOD: "GET", http_proxy: "a" }, { http: "a" }],
];

for (const [variables, expected] of ENVIRONMENTS) {
  Deno.test(`proxyFromEnvironment() reads ${JSON.stringify(variables)}`, () => {
    assertEquals(proxyFromEnvironment((name) => variables[name]), expected);
  });
}

for (const [name, make] of STREAMING_BASES) {
  Deno.test(`${name} takes what is no escape in a proxy's password as it stands`, async () => {
    await using server = answering();
    const authorization = `Basic ${btoa("me:50%off!")}`;
    await using proxy = new ProxyServer({ authorization });
    const base = make({
      proxy: { http: `http://me:50%off%21@${proxy.host}` },
    });
    const url = new URL(`http://registry.test:${server.port}/v2/`);
    const got = await base(request(url));
    assertEquals(await got.text(), "GET 0");
    const put = await base(
      request(url, { method: "PUT", body: testSource(3) }),
    );
    assertEquals(await put.text(), "PUT 3");
    base.close?.();
  });

  Deno.test(`${name} sends plain requests through a proxy in absolute form`, async () => {
    await using server = answering();
    await using proxy = new ProxyServer({ authorization: AUTHORIZATION });
    const base = make({ proxy: { http: `http://me:p%40ss@${proxy.host}` } });
    const url = new URL(`http://registry.test:${server.port}/v2/?a=b`);
    const got = await base(request(url));
    assertEquals(await got.text(), "GET 0");
    const put = await base(
      request(url, { method: "PUT", body: testSource(3 * MIB) }),
    );
    assertEquals(await put.text(), `PUT ${3 * MIB}`);
    assertEquals(proxy.lines, [
      `GET ${url} HTTP/1.1`,
      `PUT ${url} HTTP/1.1`,
    ]);
    for (const head of server.heads) {
      assert(head.includes(`host: ${url.host}`), head);
      assert(!/proxy-auth/i.test(head), head);
    }
    base.close?.();
  });

  for (const proxyTls of [false, true]) {
    Deno.test({
      name: `${name} sends TLS through the tunnel of ${
        proxyTls ? "a proxy that speaks TLS" : "a proxy"
      }`,
      ignore: !found("openssl"),
      async fn() {
        const { ca, otherName, server: own } = await makeCertificates();
        await using server = answering(otherName);
        await using proxy = new ProxyServer({
          authorization: AUTHORIZATION,
          ...proxyTls && { tls: own },
        });
        const scheme = proxyTls ? "https" : "http";
        const base = make({
          caCerts: [ca.cert],
          proxy: { https: `${scheme}://me:p%40ss@${proxy.host}` },
        });
        const url = new URL(`https://other.example:${server.port}/v2/`);
        for (let round = 0; round < 2; round++) {
          const got = await base(request(url));
          assertEquals(await got.text(), "GET 0");
          const put = await base(
            request(url, { method: "PUT", body: testSource(3 * MIB) }),
          );
          assertEquals(await put.text(), `PUT ${3 * MIB}`);
        }
        const tunnels = new Set(proxy.lines);
        assertEquals([...tunnels], [`CONNECT ${url.host} HTTP/1.1`]);
        base.close?.();
      },
    });
  }

  Deno.test(`${name} tells that a proxy refuses, and not by which credential`, async () => {
    await using server = answering();
    await using proxy = new ProxyServer({ authorization: AUTHORIZATION });
    const given = `http://me:s3cr3t@${proxy.host}`;
    const base = make({ proxy: { http: given, https: given } });
    for (const scheme of ["http", "https"]) {
      for (const method of ["GET", "PUT"]) {
        const url = new URL(`${scheme}://registry.test:${server.port}/v2/`);
        const error = await assertRejects(
          () => base(request(url, { method })),
          ConnectionError,
        );
        assertEquals(error.code, "PROXY_REFUSED");
        const told = Deno.inspect(error);
        for (const secret of ["s3cr3t", btoa("me:s3cr3t")]) {
          assert(!told.includes(secret), told);
        }
      }
    }
    assertEquals(server.heads, []);
    base.close?.();
  });

  Deno.test(`${name} names a proxy that cannot be reached, and not the registry`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const given = `http://me:s3cr3t@127.0.0.1:${port}`;
    const base = make({ proxy: { http: given, https: given } });
    for (const scheme of ["http", "https"]) {
      for (const method of ["GET", "PUT"]) {
        const url = new URL(`${scheme}://registry.test/v2/`);
        const error = await assertRejects(
          () => base(request(url, { method })),
          ConnectionError,
          `the proxy 127.0.0.1:${port} refused the connection`,
        );
        assertEquals(error.code, "CONNECTION_REFUSED");
        assert(!Deno.inspect(error).includes("s3cr3t"));
      }
    }
    base.close?.();
  });

  Deno.test(`${name} goes directly where a resolve rule fits, and to this machine`, async () => {
    await using server = answering();
    const nowhere = "http://127.0.0.1:1";
    const base = make({
      proxy: { http: nowhere },
      resolve: [{
        host: "registry.test",
        port: server.port,
        address: "127.0.0.1",
      }],
    });
    for (const host of ["registry.test", "localhost"]) {
      for (const method of ["GET", "PUT"]) {
        const response = await base(request(server.url("/", host), { method }));
        assertEquals(await response.text(), `${method} 0`);
      }
    }
    base.close?.();
  });
}

Deno.test("denoTransport() takes one way for all requests, whatever the environment says", async () => {
  await using server = answering();
  await using inherited = new ProxyServer();
  await using given = new ProxyServer();
  const program = `
    import { denoTransport } from "@gantry/oci/distribution/node";
    const url = new URL("http://registry.test:${server.port}/v2/");
    for (const proxy of [undefined, { http: "${given.host}" }, {}]) {
      const base = denoTransport({ proxy });
      for (const method of ["GET", "PUT"]) {
        const headers = new Headers();
        const seen = await base({ method, url, headers })
          .then((response) => response.text(), ({ code }) => code);
        console.log(seen);
      }
      base.close();
    }`;
  const run = async (env: Record<string, string>) => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      env: { ...env, NO_COLOR: "1" },
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  };
  const lines = await run({ HTTP_PROXY: `http://${inherited.host}` });
  assertEquals(
    lines,
    "GET 0\nPUT 0\nGET 0\nPUT 0\nHOST_UNKNOWN\nHOST_UNKNOWN\n",
  );
  assertEquals([inherited.lines.length, given.lines.length], [2, 2]);
  const left = await run({
    HTTP_PROXY: `http://${inherited.host}`,
    NO_PROXY: "*",
  });
  assertEquals(
    left,
    "HOST_UNKNOWN\nHOST_UNKNOWN\nGET 0\nPUT 0\nHOST_UNKNOWN\nHOST_UNKNOWN\n",
  );
  assertEquals([inherited.lines.length, given.lines.length], [2, 4]);
});
