/** Each row of the page's table "Coming from django-oci", run. */
import {
  acceptTokens,
  createRegistry,
  issueTokens,
  memoryStorage,
  permissions,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";
import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  beginUpload,
  digestOf,
  INDEX,
  MANIFEST,
  manifestText,
  pushBlob,
  putManifest,
  type Registry,
} from "./_registries.ts";
import { authenticate, basic, visitor } from "./_visitors.ts";

function open(
  options?: RegistryServerOptions,
  user?: string,
): Registry {
  const headers: Record<string, string> = user === undefined
    ? {}
    : { authorization: basic(user) };
  return visitor(createRegistry(options), headers);
}

async function status(
  registry: Registry,
  path: string,
  method = "GET",
  init: RequestInit = {},
): Promise<number> {
  return (await registry.head(path, { method, ...init })).status;
}

async function claims(
  registry: Registry,
): Promise<{ exp: number; iat: number; access: unknown }> {
  const path = "/auth/token/?service=gantry&scope=repository:app:pull,push";
  const { token } = await (await registry.call(path)).json();
  return JSON.parse(atob(token.split(".")[1]));
}

async function chunked(registry: Registry, digest: string): Promise<number> {
  const location = await beginUpload(registry, "app");
  for (const [index, body] of ["ab", "cd"].entries()) {
    const headers = { "content-range": `${2 * index}-${2 * index + 1}` };
    const init = { method: "PATCH", body, headers };
    const { status, headers: answered } = await registry.head(location, init);
    assertEquals([status, answered.get("location")], [202, location]);
  }
  return await status(registry, `${location}?digest=${digest}`, "PUT");
}

const ROWS: Readonly<Record<string, () => Promise<void>>> = {
  async URL_PREFIX() {
    const registry = open({ basePath: "/registry" });
    assertEquals(await status(registry, "/registry/v2/"), 200);
    assertEquals(await status(registry, "/v2/"), 404);
  },
  async DISABLE_AUTHENTICATION() {
    await pushBlob(open(), "app", "x");
  },
  async SPEC_VERSION() {
    const { headers } = await open().head("/v2/");
    const version = headers.get("docker-distribution-api-version");
    assertEquals(version, "registry/2.0");
  },
  async PRIVATE_ONLY() {
    const path = "/v2/app/tags/list";
    assertEquals(await status(open({ authenticate }), path), 401);
    const open_ = open({ authenticate, anonymous: ["pull"] });
    assertEquals(await status(open_, path), 404);
  },
  async CONTENT_TYPES() {
    const registry = open({ blobTypes: ["application/octet-stream"] });
    const location = await beginUpload(registry, "app");
    const headers = { "content-type": "text/plain" };
    const init = { body: "x", headers };
    assertEquals(await status(registry, location, "PATCH", init), 415);
  },
  async IMAGE_MANIFEST_CONTENT_TYPE() {
    const registry = open({ manifestTypes: [INDEX] });
    const text = await manifestText();
    assertEquals((await putManifest(registry, "app", "v1", text)).status, 415);
  },
  async STORAGE_BACKEND() {
    const root = await Deno.makeTempDir();
    for (const storage of [memoryStorage(), directoryStorage(root)]) {
      await pushBlob(open({ storage }), "app", "x");
    }
    await Deno.remove(root, { recursive: true });
  },
  async DOMAIN_URL() {
    const registry = open({ externalUrl: "https://registry.example" });
    const location = await beginUpload(registry, "app");
    assert(location.startsWith("https://registry.example/v2/app/"));
  },
  async MEDIA_ROOT() {
    const root = await Deno.makeTempDir();
    const registry = open({ storage: directoryStorage(root) });
    const digest = await pushBlob(registry, "app", "hello");
    const path = `${root}/app/blobs/${digest.replace(":", "/")}`;
    assertEquals(await Deno.readTextFile(path), "hello");
    await Deno.remove(root, { recursive: true });
  },
  async CACHE_DIR() {
    const root = await Deno.makeTempDir();
    const registry = open({ storage: directoryStorage(root) });
    const location = await beginUpload(registry, "app");
    const other = open({ storage: directoryStorage(root) });
    assertEquals(await status(other, location), 204);
    await Deno.remove(root, { recursive: true });
  },
  async SESSION_EXPIRES_SECONDS() {
    const registry = open({ uploadExpiry: 0 });
    const old = await beginUpload(registry, "app");
    while (await status(registry, old) !== 404) {
      await beginUpload(registry, "app");
    }
  },
  async TOKEN_EXPIRES_SECONDS() {
    const tokens = issueTokens({ lifetime: 600 });
    const { exp, iat } = await claims(open({ authenticate, tokens }, "me"));
    assertEquals(exp - iat, 600);
  },
  async DISABLE_TAG_MANIFEST_DELETE() {
    const registry = open({ deletable: ["blob"] });
    const text = await manifestText();
    await putManifest(registry, "app", "v1", text);
    for (const reference of ["v1", await digestOf(text)]) {
      const path = `/v2/app/manifests/${reference}`;
      assertEquals(await status(registry, path, "DELETE"), 405);
    }
  },
  async DEFAULT_CONTENT_TYPE() {
    const registry = open();
    const digest = await pushBlob(registry, "app", "x");
    const { headers } = await registry.head(`/v2/app/blobs/${digest}`);
    assertEquals(headers.get("content-type"), "application/octet-stream");
  },
  async AUTHENTICATED_VIEWS() {
    const permit = permissions([
      { who: "anyone", repositories: ["public/*"], actions: ["pull"] },
    ]);
    const registry = open({ authenticate, permit });
    assertEquals(await status(registry, "/v2/public/app/tags/list"), 404);
    assertEquals(await status(registry, "/v2/private/app/tags/list"), 401);
  },
  async AUTHENTICATION_SERVER() {
    const pair = await crypto.subtle.generateKey(
      { name: "ECDSA", namedCurve: "P-256" },
      true,
      ["sign", "verify"],
    ) as CryptoKeyPair;
    const tokens = acceptTokens({
      realm: "https://auth.example/token",
      issuer: "auth.example",
      service: "registry.example",
      keys: [await crypto.subtle.exportKey("jwk", pair.publicKey)],
    });
    const { headers } = await open({ tokens }).head("/v2/");
    const challenge = headers.get("www-authenticate")!;
    assertStringIncludes(
      challenge,
      'Bearer realm="https://auth.example/token"',
    );
  },
  async JWT_SERVER_SECRET() {
    const key = new Uint8Array(32).fill(7);
    const [one, two] = [0, 1].map(() =>
      createRegistry({ authenticate, tokens: issueTokens({ key }) })
    );
    const me = visitor(one!, { authorization: basic("me") });
    const path = "/auth/token?scope=repository:app:pull";
    const { token } = await (await me.call(path)).json();
    const bearer = visitor(two!, { authorization: `Bearer ${token}` });
    assertEquals(await status(bearer, "/v2/app/tags/list"), 404);
  },
  async VIEW_RATE_LIMIT() {
    const day = 24 * 60 * 60 * 1000;
    const registry = open({ rateLimit: { requests: 100, window: day } });
    for (let n = 0; n < 100; n++) {
      assertEquals(await status(registry, "/v2/"), 200);
    }
    assertEquals(await status(registry, "/v2/"), 429);
  },
  async VIEW_RATE_LIMIT_BLOCK() {
    const registry = open({ rateLimit: { requests: 1, window: 100_000 } });
    await registry.head("/v2/");
    const refused = await registry.head("/v2/");
    assertEquals(refused.status, 429);
    assert(Number(refused.headers.get("retry-after")) > 0);
  },
  async "GET /auth/token/"() {
    const tokens = issueTokens();
    const { access } = await claims(open({ authenticate, tokens }, "me"));
    assertEquals(access, [
      { type: "repository", name: "app", actions: ["pull", "push"] },
    ]);
    const path = "/auth/token/?scope=nonsense";
    assertEquals(await status(open({ tokens }), path), 400);
  },
  async "GET /v2/"() {
    assertEquals(await status(open(), "/v2/"), 200);
    assertEquals(await status(open({ authenticate }), "/v2/"), 401);
  },
  async "GET /v2/<name>/tags/list"() {
    const registry = open();
    for (const tag of ["c", "a", "b"]) {
      await putManifest(registry, "my-org/my-repo", tag, await manifestText());
    }
    const path = "/v2/my-org/my-repo/tags/list";
    const list = await registry.call(`${path}?n=1&last=a`);
    assertEquals((await list.json()).tags, ["b"]);
    assertStringIncludes(list.headers.get("link")!, "last=b");
    const unknown = await registry.call(`${path}?last=unknown`);
    assertEquals((await unknown.json()).tags, []);
  },
  async "GET, HEAD, PUT, DELETE …/manifests/…"() {
    const registry = open();
    const old = await manifestText({ annotations: { n: "old" } });
    const text = await manifestText();
    await putManifest(registry, "app", "v1", old);
    await putManifest(registry, "app", "v1", text);
    const pulled = await registry.call("/v2/app/manifests/v1");
    assertEquals(pulled.headers.get("content-type"), MANIFEST);
    assertEquals(await pulled.text(), text);
    const wrong = await digestOf(old);
    assertEquals((await putManifest(registry, "app", wrong, text)).status, 400);
    const path = "/v2/app/manifests/v1";
    assertEquals(await status(registry, path, "HEAD"), 200);
    assertEquals(await status(registry, path, "DELETE"), 202);
  },
  async "POST …/blobs/uploads/"() {
    const registry = open();
    const digest = await pushBlob(registry, "one", "x");
    const path = `/v2/two/blobs/uploads/?mount=${digest}&from=`;
    assertEquals(await status(registry, `${path}one`, "POST"), 201);
    assertEquals(await status(registry, `${path}none`, "POST"), 202);
  },
  async "PATCH, PUT …/put/<id>/session-<uuid>"() {
    assertEquals(await chunked(open(), await digestOf("abcd")), 201);
    assertEquals(await chunked(open(), await digestOf("other")), 400);
  },
  async "GET, HEAD, DELETE …/blobs/<digest>"() {
    const registry = open();
    const digest = await pushBlob(registry, "app", "x");
    const path = `/v2/app/blobs/${digest}`;
    const elsewhere = path.replace("app", "other");
    assertEquals(await status(registry, elsewhere), 404);
    assertEquals(await status(registry, path, "HEAD"), 200);
    assertEquals(await status(registry, path, "DELETE"), 202);
  },
};

Deno.test("the table for those who come from django-oci has these rows", async () => {
  const page = new URL("../../distribution/README.md", import.meta.url);
  const [, section] = (await Deno.readTextFile(page))
    .split("### Coming from django-oci");
  const rows = Array.from(
    section!.split(/\n#{2,3} /)[0]!.matchAll(/^\| `([^`]+)`/gm),
    ([, name]) => name!,
  );
  assertEquals(rows, Object.keys(ROWS));
});

for (const [name, run] of Object.entries(ROWS)) {
  Deno.test(`django-oci's ${name} is found here`, run);
}
