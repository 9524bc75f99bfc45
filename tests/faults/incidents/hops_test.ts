import { assert, assertEquals, assertRejects } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  type RegistryClient,
  SecurityError,
  toSource,
} from "@gantry/oci/distribution";
import { API_KEY, network, SECRET, wantsPassword } from "./_network.ts";

const TEXT = "0123456789";
const BLOB = {
  mediaType: "text/plain",
  digest: String(await Digest.fromString(TEXT)),
  size: TEXT.length,
};

/** Where a registry on the internet has no business to send anybody. */
const FORBIDDEN: readonly string[] = [
  "http://registry.example",
  "http://elsewhere.example",
  "https://127.0.0.1",
  "https://127.1:8443",
  "https://2130706433",
  "https://0x7f.0.0.1",
  "https://localhost",
  "https://app.localhost",
  "https://10.0.0.1",
  "https://172.16.1.1",
  "https://192.168.1.1",
  "https://169.254.169.254",
  "https://[::1]",
  "https://[::ffff:127.0.0.1]",
  "https://[fe80::1]",
  "https://[fd00::1]",
  "https://0.0.0.0",
];

/** A way by which an answer makes a client send another request. */
interface Hop {
  readonly name: string;
  /** The answer that points to somewhere. */
  readonly answer: (request: Request, to: string) => Response | undefined;
  /** What the client does. */
  readonly run: (client: RegistryClient) => Promise<unknown>;
}

const pull = async (client: RegistryClient): Promise<unknown> =>
  await new Response(await client.repository("app").blobs.get(BLOB)).text();
const push = (client: RegistryClient): Promise<unknown> =>
  client.repository("app").blobs.push(BLOB, toSource(TEXT));
const list = (client: RegistryClient): Promise<unknown> =>
  Array.fromAsync(client.repository("app").tags.list());

const HOPS: readonly Hop[] = [
  {
    name: "a redirect of a download",
    answer: ({ method }, to) =>
      method === "GET" ? Response.redirect(`${to}/blob`, 307) : undefined,
    run: pull,
  },
  {
    name: "a redirect of an upload",
    answer: ({ method }, to) =>
      method === "PUT" ? Response.redirect(`${to}/blob`, 307) : undefined,
    run: push,
  },
  {
    name: "an upload's location",
    answer: ({ method }, to) =>
      method === "POST"
        ? new Response(null, { status: 202, headers: { location: `${to}/up` } })
        : undefined,
    run: push,
  },
  {
    name: "a link to the next page",
    answer: ({ url }, to) =>
      url.includes("/tags/list")
        ? Response.json({ name: "app", tags: ["a"] }, {
          headers: { link: `<${to}/v2/app/tags/list?last=a>; rel="next"` },
        })
        : undefined,
    run: list,
  },
  {
    name: "a token service",
    answer: (_, to) =>
      new Response(null, {
        status: 401,
        headers: { "www-authenticate": `Bearer realm="${to}/token"` },
      }),
    run: list,
  },
];

for (const { answer, name, run } of HOPS) {
  Deno.test(`${name} is not followed to where a public registry has no business`, async () => {
    for (const to of FORBIDDEN) {
      const net = network((request, { host }) =>
        host === "registry.example" && request.url.startsWith("https:")
          ? answer(request, to)
          : undefined
      );
      using client = net.client();
      const error = await assertRejects(() => run(client), SecurityError);
      assert(!Deno.inspect(error).includes(SECRET), to);
      assertEquals(net.elsewhere(), [], to);
      assert(net.seen.every(({ path }) => path.startsWith("/v2/")), to);
    }
  });
}

Deno.test("a link to the next page is not followed to another public host either", async () => {
  for (
    const to of [
      "https://elsewhere.example",
      "https://registry.example:8443",
      "https://registry.example.evil.example",
      "https://registry.example@evil.example",
      "//evil.example",
      "\\\\evil.example",
    ]
  ) {
    const net = network(({ url }) => HOPS[3]!.answer(new Request(url), to));
    using client = net.client();
    await assertRejects(() => list(client), SecurityError, "another host");
    assertEquals(net.elsewhere(), [], to);
  }
});

Deno.test("a request that left the registry brings no credential back to it", async () => {
  const net = network((request, { host, pathname }) => {
    if (host === "storage.example") {
      return Response.redirect("https://registry.example/v2/back", 307);
    }
    if (pathname === "/v2/back") {
      assertEquals(request.headers.get("authorization"), null);
      assertEquals(request.headers.get("x-api-key"), null);
      return new Response(TEXT);
    }
    return wantsPassword(request) ?? Response.redirect(
      "https://storage.example/blob",
      307,
    );
  });
  using client = net.client();
  assertEquals(await pull(client), TEXT);
  const back = net.seen.filter(({ path }) => path === "/v2/back");
  assertEquals(back.map(({ hasSecret }) => hasSecret), [false]);
  assertEquals(net.elsewhere().map(({ hasSecret }) => hasSecret), [false]);
});

Deno.test("a foreign host that asks for a credential gets none", async () => {
  for (const scheme of ["Basic", "Bearer"]) {
    const net = network((request, { host }) => {
      if (host === "storage.example") {
        const realm = `realm="https://storage.example/token"`;
        return new Response(null, {
          status: 401,
          headers: { "www-authenticate": `${scheme} ${realm}` },
        });
      }
      return wantsPassword(request) ??
        Response.redirect("https://storage.example/blob", 307);
    });
    using client = net.client();
    await assertRejects(() => pull(client), Error, "registry answered 401");
    assertEquals(net.elsewhere().map(({ path }) => path), ["/blob"]);
    assert(net.elsewhere().every(({ hasSecret }) => !hasSecret));
  }
});

Deno.test("a public token service elsewhere is told of, and can be forbidden", async () => {
  const villain = (request: Request, { host }: URL): Response | undefined => {
    if (host === "auth.example") return Response.json({ token: "t0ken-text" });
    return request.headers.has("authorization")
      ? Response.json({ name: "app", tags: [] })
      : HOPS[4]!.answer(request, "https://auth.example");
  };
  const told: string[] = [];
  const free = network(villain);
  using client = free.client({
    onEvent: (event) => {
      if (event.type === "foreign-realm") told.push(event.realm);
    },
  });
  await list(client);
  assertEquals(told, ["https://auth.example/token"]);
  // The password goes there, as it must; the user's own header does not.
  const [asked] = free.elsewhere();
  assert(asked?.path.startsWith("/token"));

  const bound = network(villain);
  using strict = bound.client({ allowedRealms: ["other.example"] });
  const error = await assertRejects(() => list(strict), SecurityError);
  assertEquals(error.code, "REALM_FORBIDDEN");
  assertEquals(bound.elsewhere(), []);
  assert(!Deno.inspect(error).includes(API_KEY));
});
