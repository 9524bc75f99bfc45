import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Digest } from "@gantry/oci/digest";
import {
  type BaseTransportOptions,
  ConnectionError,
  defaultTransport,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { Registry, type RegistryOptions } from "@gantry/oci/oras";
import {
  type Certificates,
  makeCertificates,
} from "../_support/certificates.ts";
import { compareTrees } from "../_support/compare_trees.ts";
import { cutOff, openHttpRegistry } from "../_support/http_registry.ts";
import { found } from "../_support/programs.ts";
import {
  type ScriptedConnection,
  ScriptedServer,
} from "../_support/scripted_server.ts";
import { TokenService } from "../_support/token_service.ts";
import { pattern, testSource } from "../_support/transports.ts";

const MIB = 1024 * 1024;
const NOW = Date.UTC(2030, 0, 1);

/** Pauses that take no time, and what they would have been. */
function pauses(): { delays: number[]; retry: RegistryOptions["retry"] } {
  const delays: number[] = [];
  return {
    delays,
    retry: {
      random: () => 0,
      clock: () => NOW,
      sleep: (ms) => {
        delays.push(ms);
        return Promise.resolve();
      },
    },
  };
}

/** A provider for a registry on loopback, over the transport that users get. */
function provider(host: string, options: RegistryOptions = {}): Registry {
  return new Registry({ hostname: host, plainHttp: true, ...options });
}

/** A folder with a file of so many bytes, gone afterwards. */
async function folderWith(
  size: number,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  await Deno.mkdir(join(path, "in"));
  await Deno.writeFile(join(path, "in", "big.bin"), pattern(0, size));
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Pulls into `out`, and demands that just the file comes back as it is. */
async function assertPulls(registry: Registry, folder: string): Promise<void> {
  await registry.pull("app:v1", { outdir: join(folder, "out") });
  assertEquals(
    await compareTrees(join(folder, "in"), join(folder, "out"), ["big.bin"]),
    [],
  );
}

const WAITS: readonly [string, string, number][] = [
  ["seconds", "7", 7_000],
  ["a date", new Date(NOW + 90_000).toUTCString(), 90_000],
];

for (const [form, header, delay] of WAITS) {
  Deno.test(`push() and pull() wait as long as a 429 asks, given as ${form}`, async () => {
    const refused = new Set<string>();
    await using server = openHttpRegistry((request, next) => {
      // Every kind of request is refused once.
      const { pathname } = new URL(request.url);
      const kind = `${request.method} ${pathname.split("/")[3]}`;
      if (refused.has(kind)) return next(request);
      refused.add(kind);
      return new Response(null, {
        status: 429,
        headers: { "retry-after": header },
      });
    });
    await using folder = await folderWith(100_000);
    const { delays, retry } = pauses();
    await using registry = provider(server.host, { retry });
    await registry.push("app:v1", {
      root: join(folder.path, "in"),
      files: ["big.bin"],
    });
    await assertPulls(registry, folder.path);
    // The session whose upload was refused is given up, which nobody waits for.
    assertEquals(refused.delete("DELETE blobs"), true);
    assertEquals([...refused].sort(), [
      "GET blobs",
      "GET manifests",
      "HEAD blobs",
      "POST blobs",
      "PUT blobs",
      "PUT manifests",
    ]);
    assertEquals(delays, Array(refused.size).fill(delay));
  });
}

for (const when of ["after the body", "before the body"]) {
  Deno.test(`push() sends a blob again after a 503 ${when}, from a source that it opens anew`, async () => {
    const size = 3 * MIB;
    let puts = 0;
    await using server = openHttpRegistry(async (request, next) => {
      const isBlob = request.method === "PUT" &&
        Number(request.headers.get("content-length")) === size;
      if (!isBlob || ++puts > 1) return await next(request);
      if (when === "after the body") await request.arrayBuffer();
      return new Response(null, { status: 503 });
    });
    const { delays, retry } = pauses();
    await using registry = provider(server.host, { retry });
    const source = testSource(size);
    const descriptor = await registry.uploadBlob("app", pattern(0, size), {
      mediaType: "application/octet-stream",
      descriptor: {
        mediaType: "application/octet-stream",
        digest: String(await Digest.fromBytes(pattern(0, size))),
        size,
      },
    });
    assertEquals(puts, 2);
    assertEquals(delays.length, 1);
    puts = 0;
    await registry.uploadBlob("other", source, { descriptor });
    assertEquals(puts, 2);
    assertEquals(source.opened, 2);
    assert(await registry.blobExists("other", descriptor));
  });
}

const RESUMPTIONS: readonly [string, boolean][] = [
  ["where it was cut off, by Range", true],
  ["from the start, where the registry knows no Range", false],
];

for (const [how, ranges] of RESUMPTIONS) {
  Deno.test(`pull() takes up a blob ${how}`, async () => {
    const size = 5 * MIB;
    const digest = String(await Digest.fromBytes(pattern(0, size)));
    const cuts = [2 * MIB, MIB];
    await using server = openHttpRegistry(async (request, next) => {
      const isBlob = request.method === "GET" && request.url.endsWith(digest);
      if (!isBlob) return await next(request);
      const { url, headers } = request;
      const response = await next(
        new Request(url, { headers: ranges ? headers : {} }),
      );
      const cut = cuts.shift();
      return cut === undefined ? response : await cutOff(response, cut);
    });
    await using folder = await folderWith(size);
    await using registry = provider(server.host, pauses());
    await registry.push("app:v1", {
      root: join(folder.path, "in"),
      files: ["big.bin"],
    });
    await assertPulls(registry, folder.path);
    const asked = server.requests("GET", digest)
      .map(({ headers }) => headers.get("range"));
    assertEquals(asked, [
      null,
      `bytes=${2 * MIB}-`,
      // Without ranges the second answer began anew, and brought nothing new.
      ranges ? `bytes=${3 * MIB}-` : `bytes=${2 * MIB}-`,
    ]);
  });
}

const hasOpenssl = found("openssl");
const certificates: Certificates = hasOpenssl
  ? await makeCertificates()
  : {} as Certificates;

const TRUST: readonly [string, () => BaseTransportOptions][] = [
  ["a private authority", () => ({ caCerts: [certificates.ca.cert] })],
  ["any certificate", () => ({ insecure: true })],
];

for (const [what, options] of TRUST) {
  Deno.test({
    name: `pull() takes up a blob that was cut off over TLS, trusting ${what}`,
    ignore: !hasOpenssl,
    async fn() {
      const size = 20 * MIB;
      const digest = String(await Digest.fromBytes(pattern(0, size)));
      let sent = 0;
      let spoils = true;
      await using server = openHttpRegistry(async (request, next) => {
        const response = await next(request);
        const isBlob = request.method === "GET" && request.url.endsWith(digest);
        if (!isBlob) return response;
        const length = Number(response.headers.get("content-length"));
        const cut = spoils && sent + length > 10 * MIB;
        if (cut) spoils = false;
        const given = cut ? 10 * MIB - sent : length;
        sent += given;
        return cut ? await cutOff(response, given) : response;
      }, { tls: certificates.server });
      await using folder = await folderWith(size);
      const transport = defaultTransport(options());
      await using registry = new Registry({
        hostname: server.host,
        transport,
        ...pauses(),
      });
      await registry.push("app:v1", {
        root: join(folder.path, "in"),
        files: ["big.bin"],
      });
      await assertPulls(registry, folder.path);
      assertEquals(spoils, false);
      // What had arrived and was not yet read may be asked for again.
      const wasted = sent - size;
      assert(wasted <= 2 * MIB, `${wasted} bytes were sent twice`);
      transport.close?.();
    },
  });
}

Deno.test("pull() follows a blob to another origin, which sees no secret", async () => {
  const arrived: [string, Headers][] = [];
  const store = createRegistry();
  await using storage = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      arrived.push([request.url, request.headers]);
      return store.fetch(request);
    },
  );
  const registry = createRegistry({
    authenticate: (name, password) =>
      name === "me" && password === "s3cr3t" ? { name } : undefined,
  });
  await using server = openHttpRegistry(async (request) => {
    const { method, url } = request;
    const { pathname } = new URL(url);
    const response = await registry.fetch(request);
    if (response.status !== 200 || !pathname.includes("/blobs/sha256:")) {
      return response;
    }
    if (method !== "GET") return response;
    await response.body?.cancel();
    const location =
      `http://127.0.0.1:${storage.addr.port}${pathname}?X-Sig=abc%2F`;
    return Response.redirect(location, 307);
  });
  await using folder = await folderWith(200_000);
  const headers = { cookie: "session=s3cr3t", "x-api-key": "s3cr3t" };
  await using client = provider(server.host, {
    credentials: {
      get: () => Promise.resolve({ username: "me", password: "s3cr3t" }),
    },
    headers,
  });
  const root = join(folder.path, "in");
  await client.push("app:v1", { root, files: ["big.bin"] });
  {
    await using direct = provider(`127.0.0.1:${storage.addr.port}`);
    await direct.push("app:v1", { root, files: ["big.bin"] });
  }
  arrived.length = 0;
  await assertPulls(client, folder.path);
  assertEquals(arrived.length, 1);
  const [url, seen] = arrived[0]!;
  assert(url.endsWith("?X-Sig=abc%2F"), url);
  for (const name of ["authorization", "cookie", "x-api-key"]) {
    assertEquals(seen.get(name), null);
  }
  assert(!JSON.stringify([...seen]).includes("s3cr3t"));
  const toRegistry = server.requests("GET", "/manifests/v1").at(-1)!.headers;
  assertEquals(toRegistry.get("x-api-key"), "s3cr3t");
  assertEquals(toRegistry.get("cookie"), "session=s3cr3t");
  assert(toRegistry.has("authorization"));
});

Deno.test("push() uploads to a location on another origin, which sees no secret", async () => {
  const arrived: Headers[] = [];
  const registry = createRegistry();
  await using storage = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      arrived.push(request.headers);
      return registry.fetch(request);
    },
  );
  await using tokens = new TokenService();
  await using server = openHttpRegistry(async (request) => {
    const refusal = tokens.refuse(request);
    if (refusal !== undefined) return refusal;
    const response = await registry.fetch(request);
    const location = response.headers.get("location");
    if (request.method !== "POST" || location === null) return response;
    const headers = new Headers(response.headers);
    const to = new URL(location, `http://127.0.0.1:${storage.addr.port}`);
    headers.set(
      "location",
      `http://127.0.0.1:${storage.addr.port}${to.pathname}${to.search}`,
    );
    return new Response(null, { status: response.status, headers });
  });
  await using folder = await folderWith(2 * MIB);
  await using client = provider(server.host, {
    headers: { cookie: "session=s3cr3t", "x-api-key": "s3cr3t" },
  });
  const root = join(folder.path, "in");
  await client.push("app:v1", { root, files: ["big.bin"] });
  await assertPulls(client, folder.path);
  assertEquals(arrived.length, 2);
  for (const headers of arrived) {
    for (const name of ["authorization", "cookie", "x-api-key"]) {
      assertEquals(headers.get(name), null);
    }
  }
});

Deno.test("push() and pull() replace a token that expired between two requests", async () => {
  await using tokens = new TokenService({
    user: { username: "me", password: "s3cr3t" },
  });
  const expired = new Set<string>();
  await using server = openHttpRegistry((request, next) => {
    // Before the first blob's body, before the manifest, and before a blob is read.
    const kind = `${request.method} ${
      new URL(request.url).pathname.split("/")[3]
    }`;
    const lets = kind === "PUT blobs" || kind === "PUT manifests" ||
      kind === "GET blobs";
    if (lets && !expired.has(kind)) {
      expired.add(kind);
      tokens.expireAll();
    }
    return tokens.refuse(request) ?? next(request);
  });
  await using folder = await folderWith(3 * MIB);
  const { delays, retry } = pauses();
  await using registry = provider(server.host, {
    retry,
    credentials: {
      get: () => Promise.resolve({ username: "me", password: "s3cr3t" }),
    },
  });
  const root = join(folder.path, "in");
  await registry.push("app:v1", { root, files: ["big.bin"] });
  await assertPulls(registry, folder.path);
  assertEquals([...expired].sort(), [
    "GET blobs",
    "PUT blobs",
    "PUT manifests",
  ]);
  assertEquals(delays, [], "a new token is no retry");
  const scopes = tokens.requests.map(({ scopes }) => scopes.join(" "));
  assertEquals(scopes, [
    "repository:app:pull,push",
    "repository:app:pull,push",
    "repository:app:pull,push",
    "repository:app:pull",
  ]);
});

const INDEX = "application/vnd.oci.image.index.v1+json";

/** Answers the requests of a connection, until it is to die at one of them. */
async function serveUntil(
  connection: ScriptedConnection,
  dies: (head: string) => boolean,
): Promise<void> {
  while (true) {
    const head = await connection.readHead();
    if (head === undefined || dies(head)) return;
    const length = Number(/^content-length: (\d+)$/m.exec(head)?.[1] ?? 0);
    await connection.read(length);
    if (head.startsWith("PUT")) await connection.respond("201 Created");
    else {
      const headers = { "content-type": INDEX };
      await connection.respond("200 OK", headers, EMPTY_INDEX);
    }
  }
}

const EMPTY_INDEX = '{"schemaVersion":2,"manifests":[]}';

for (const method of ["PUT", "GET"]) {
  Deno.test(`a ${method} whose kept-alive connection died is sent once more`, async () => {
    await using server = new ScriptedServer((connection, index) =>
      serveUntil(connection, (head) => index === 0 && head.includes("/second"))
    );
    const { delays, retry } = pauses();
    await using registry = provider(`127.0.0.1:${server.port}`, { retry });
    const { manifests } = registry.repository("app");
    const bytes = new TextEncoder().encode(EMPTY_INDEX);
    for (const tag of ["first", "second", "third"]) {
      if (method === "GET") await manifests.get(tag);
      else await manifests.put(tag, bytes, { mediaType: INDEX });
    }
    assertEquals(
      server.heads.map((head) => head.split("\r\n")[0]),
      ["first", "second", "second", "third"].map((tag) =>
        `${method} /v2/app/manifests/${tag} HTTP/1.1`
      ),
    );
    assertEquals(server.connections, 2);
    // Deno's fetch repeats a GET by itself, which does no harm; nothing else may be.
    if (method === "PUT") assertEquals(delays.length, 1);
  });
}

Deno.test("a blob whose kept-alive connection died is pushed once more, from its first byte", async () => {
  const size = 3 * MIB;
  const bodies: number[] = [];
  let sessions = 0;
  await using server = new ScriptedServer(async (connection, index) => {
    while (true) {
      const head = await connection.readHead();
      if (head === undefined) return;
      if (head.startsWith("POST")) {
        const location = `/v2/app/blobs/uploads/${sessions++}`;
        await connection.respond("202 Accepted", { location });
      } else if (head.startsWith("PUT")) {
        assertEquals(/^content-length: (\d+)$/m.exec(head)?.[1], `${size}`);
        // The connection that brought the first session dies within its body.
        const body = await connection.read(index === 0 ? MIB : size);
        bodies.push(body.byteLength);
        assertEquals(body, pattern(0, body.byteLength));
        if (index === 0) return;
        await connection.respond("201 Created");
      } else await connection.respond("202 Accepted");
    }
  });
  const { delays, retry } = pauses();
  await using registry = provider(`127.0.0.1:${server.port}`, { retry });
  const source = testSource(size);
  const descriptor = {
    mediaType: "application/octet-stream",
    digest: String(await Digest.fromBytes(pattern(0, size))),
    size,
  };
  const { blobs } = registry.repository("app");
  await blobs.push(descriptor, source, { skipCheck: true });
  assertEquals(bodies, [MIB, size]);
  assertEquals(source.opened, 2);
  assertEquals(sessions, 2);
  assertEquals(delays.length, 1);
  for (const head of server.heads) {
    // It may have arrived in spite of all, or what has arrived may be gone on with.
    assertMatch(
      head,
      /^(POST|PUT|DELETE|GET) \/v2\/app\/blobs\/uploads\/|^head \/v2\/app\/blobs\/sha256:/i,
    );
  }
});

Deno.test("without retries a dead connection is a failure, and nothing is sent twice", async () => {
  await using server = new ScriptedServer((connection) =>
    serveUntil(connection, (head) => head.includes("/second"))
  );
  await using registry = provider(`127.0.0.1:${server.port}`, {
    retry: { maxAttempts: 1 },
  });
  const { manifests } = registry.repository("app");
  const bytes = new TextEncoder().encode(EMPTY_INDEX);
  await manifests.put("first", bytes, { mediaType: INDEX });
  const error = await assertRejects(
    () => manifests.put("second", bytes, { mediaType: INDEX }),
    ConnectionError,
  );
  assertEquals(error.code, "CONNECTION_RESET");
  assertEquals(server.heads.length, 2);
});
