import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
} from "@std/assert";
import { join } from "node:path";
import { ContentError, DigestMismatchError } from "@gantry/oci/digest";
import {
  ConnectionError,
  defaultTransport,
  DeniedError,
  fixedCredentials,
  NotFoundError,
  ProtocolError,
  RegistryError,
  SecurityError,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { MediaTypes } from "@gantry/oci/image";
import { Registry, type RegistryOptions } from "@gantry/oci/oras";
import { type Meddler, openHttpRegistry } from "../_support/http_registry.ts";
import { TokenService } from "../_support/token_service.ts";

const SECRET = "s3cr3t-pass";
const CREDENTIALS = fixedCredentials({ username: "me", password: SECRET });
const TITLE = "file.txt";
const CONTENT = "the content of the file";

/** What a registry does wrong, and how a pull from it fails. */
interface Refusal {
  readonly name: string;
  readonly meddle?: Meddler;
  readonly options?: RegistryOptions;
  readonly target?: string;
  // deno-lint-ignore no-explicit-any -- any constructor of an error
  readonly type: abstract new (...args: any[]) => Error;
  readonly code: string;
  readonly message: RegExp;
}

const isManifest = ({ method, url }: Request) =>
  method === "GET" && url.includes("/manifests/");
const isBlob = ({ method, url }: Request) =>
  method === "GET" && url.includes("/blobs/");

/** A meddler that answers some requests by itself. */
function answering(
  when: (request: Request) => boolean,
  respond: () => Response,
): Meddler {
  return (request, next) => when(request) ? respond() : next(request);
}

/** A body that never ends. */
function endless(text: string): ReadableStream<Uint8Array> {
  const chunk = new TextEncoder().encode(text.repeat(64 * 1024));
  return new ReadableStream({
    pull: (controller) => controller.enqueue(chunk),
  });
}

const basic = () =>
  new Response(null, {
    status: 401,
    headers: { "www-authenticate": 'Basic realm="x"' },
  });

const refusals: readonly Refusal[] = [
  {
    name: "an unknown host",
    options: { hostname: "nohost.invalid" },
    type: ConnectionError,
    code: "HOST_UNKNOWN",
    message: /nohost\.invalid/,
  },
  {
    name: "a refused connection",
    options: { hostname: `127.0.0.1:${closedPort()}` },
    type: ConnectionError,
    code: "CONNECTION_REFUSED",
    message: /127\.0\.0\.1:\d+/,
  },
  {
    name: "a failure of TLS",
    options: { plainHttp: false },
    type: ConnectionError,
    code: "TLS_FAILED",
    message: /does not speak TLS$/,
  },
  {
    name: "401 without a credential",
    meddle: answering(isManifest, basic),
    options: { credentials: undefined },
    type: UnauthorizedError,
    code: "HTTP_401",
    message: /registry answered 401/,
  },
  {
    name: "401 with a wrong credential",
    meddle: answering(isManifest, basic),
    type: UnauthorizedError,
    code: "HTTP_401",
    message: /registry answered 401/,
  },
  {
    name: "403",
    meddle: answering(
      isManifest,
      () => Response.json({ errors: [{ code: "DENIED" }] }, { status: 403 }),
    ),
    type: DeniedError,
    code: "DENIED",
    message: /registry answered 403 DENIED$/,
  },
  {
    name: "404",
    target: "app:nope",
    type: NotFoundError,
    code: "MANIFEST_UNKNOWN",
    message: /Cannot pull manifest nope from app: registry answered 404/,
  },
  {
    name: "a failure with an endless body",
    meddle: answering(
      isManifest,
      () => new Response(endless(" "), { status: 400 }),
    ),
    type: RegistryError,
    code: "HTTP_400",
    message: /registry answered 400$/,
  },
  {
    name: "a blob of another digest",
    meddle: answering(isBlob, () => new Response(CONTENT.toUpperCase())),
    type: DigestMismatchError,
    code: "DIGEST_MISMATCH",
    message: /sha256:/,
  },
  {
    name: "a blob that is too long",
    meddle: answering(isBlob, () => new Response(`${CONTENT}!`)),
    type: ContentError,
    code: "SIZE_MISMATCH",
    message: /23/,
  },
  {
    name: "a blob that is too short",
    meddle: answering(isBlob, () => new Response(CONTENT.slice(1))),
    type: ConnectionError,
    code: "CONNECTION_RESET",
    message: /ended at byte/,
  },
  {
    name: "a blob without end",
    meddle: answering(isBlob, () => new Response(endless("x"))),
    type: ContentError,
    code: "SIZE_MISMATCH",
    message: /23/,
  },
  {
    name: "a manifest of more than 4 MiB",
    meddle: answering(
      isManifest,
      () => new Response(new Uint8Array(4 * 1024 * 1024 + 1).fill(32)),
    ),
    type: ProtocolError,
    code: "BODY_TOO_LARGE",
    message: /larger than 4194304 bytes$/,
  },
  {
    name: "a manifest without end",
    meddle: answering(isManifest, () =>
      new Response(endless(" "), {
        headers: { "content-type": MediaTypes.manifest },
      })),
    type: ProtocolError,
    code: "BODY_TOO_LARGE",
    message: /larger than 4194304 bytes$/,
  },
  {
    name: "a manifest of another digest",
    meddle: answering(
      isManifest,
      () =>
        new Response('{"schemaVersion":2,"manifests":[]}', {
          headers: {
            "content-type": MediaTypes.index,
            "docker-content-digest": `sha256:${"0".repeat(64)}`,
          },
        }),
    ),
    type: DigestMismatchError,
    code: "DIGEST_MISMATCH",
    message: /sha256:0{64}/,
  },
  {
    name: "a token service without end",
    meddle: (request, next) =>
      new URL(request.url).pathname === "/token"
        ? new Response(endless(" "))
        : isManifest(request)
        ? new Response(null, {
          status: 401,
          headers: { "www-authenticate": 'Bearer realm="/token"' },
        })
        : next(request),
    type: ProtocolError,
    code: "BODY_TOO_LARGE",
    message: /\/token: the body is larger than/,
  },
  {
    name: "a token realm that is no web address",
    meddle: answering(isManifest, () =>
      new Response(null, {
        status: 401,
        headers: {
          "www-authenticate": 'Bearer realm="ftp://127.0.0.1/token"',
        },
      })),
    type: ProtocolError,
    code: "CHALLENGE_INVALID",
    message: /malformed realm$/,
  },
];

/** A port that nothing listens on. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Pushes the artifact that the cases pull. */
async function plant(host: string): Promise<void> {
  await using registry = new Registry({ hostname: host, plainHttp: true });
  await registry.push("app:v1", {
    files: [{ title: TITLE, content: CONTENT, mediaType: "text/plain" }],
  });
}

/** Pulls, and gives the error; nothing may come of it, and no secret may be in it. */
async function failPull(
  registry: Registry,
  target = "app:v1",
): Promise<Error & { readonly code?: unknown }> {
  const folder = await Deno.makeTempDir();
  try {
    const outdir = join(folder, "out");
    const error = await registry.pull(target, { outdir })
      .then(() => undefined, (error) => error);
    assertInstanceOf(error, Error);
    const left = await Array.fromAsync(Deno.readDir(outdir)).catch(() => []);
    assertEquals(left, []);
    const shown = Deno.inspect(error, { depth: 10 });
    assert(!shown.includes(SECRET), shown);
    assert(!shown.includes(btoa(`me:${SECRET}`)), shown);
    return error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const refusal of refusals) {
  Deno.test(`pull() fails on ${refusal.name}, and writes nothing`, async () => {
    let spoils = false;
    await using server = openHttpRegistry((request, next) =>
      spoils && refusal.meddle !== undefined
        ? refusal.meddle(request, next)
        : next(request)
    );
    await plant(server.host);
    spoils = true;
    await using registry = new Registry({
      hostname: server.host,
      plainHttp: true,
      credentials: CREDENTIALS,
      retry: { sleep: () => Promise.resolve() },
      ...refusal.options,
    });
    const error = await failPull(registry, refusal.target);
    assertInstanceOf(error, refusal.type);
    assertEquals(error.code, refusal.code);
    assertMatch(error.message, refusal.message);
  });
}

Deno.test("pull() shows its credential to no token service on a private address where the registry is public", async () => {
  await using tokens = new TokenService();
  await using server = openHttpRegistry((request, next) =>
    tokens.refuse(request) ?? next(request)
  );
  const transport = defaultTransport({
    resolve: [{
      host: "registry.example",
      port: 80,
      address: "127.0.0.1",
      targetPort: Number(server.host.split(":")[1]),
    }],
  });
  await using registry = new Registry({
    hostname: "registry.example",
    plainHttp: true,
    transport,
    credentials: CREDENTIALS,
  });
  const error = await failPull(registry);
  assertInstanceOf(error, SecurityError);
  assertEquals(error.code, "REALM_FORBIDDEN");
  assertMatch(error.message, /a public registry points to a private address$/);
  assertEquals(server.seen.length, 1);
  assertEquals(tokens.requests, []);
  transport.close?.();
});

Deno.test("pull() tells that the token service knows another password, and never which", async () => {
  await using tokens = new TokenService({
    user: { username: "me", password: "another" },
  });
  await using server = openHttpRegistry((request, next) =>
    tokens.refuse(request) ?? next(request)
  );
  await using registry = new Registry({
    hostname: server.host,
    plainHttp: true,
    credentials: CREDENTIALS,
  });
  const error = await failPull(registry);
  assertInstanceOf(error, UnauthorizedError);
  assertMatch(error.message, /^Cannot get a token from http:\/\/127/);
  assertEquals(tokens.requests.length, 1);
});
