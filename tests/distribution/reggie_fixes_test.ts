/** What Reggie, in Go or in Python, got wrong, or left to its users to stumble over. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  fromHandler,
  ProtocolError,
  RegistryClient,
  RegistryError,
} from "@gantry/oci/distribution";
import { Client, type ClientOptions } from "@gantry/oci/distribution/reggie";

const ADDRESS = "https://registry.example";
const USER = { username: "me", password: "pw" };

/** A client of a registry that lets in who shows this, and challenges others. */
function guarded(
  challenge: string,
  expected: string,
  options: ClientOptions = {},
  token: () => Response = () => Response.json({ token: "t" }),
): { client: Client; seen: Request[] } {
  const seen: Request[] = [];
  const client = new Client(ADDRESS, {
    ...options,
    transport: fromHandler((request) => {
      seen.push(request);
      if (new URL(request.url).pathname === "/auth") return token();
      return request.headers.get("authorization") === expected
        ? new Response("in")
        : new Response("out", {
          status: 401,
          headers: { "www-authenticate": challenge },
        });
    }),
  });
  return { client, seen };
}

async function statusOf(client: Client): Promise<number> {
  return (await client.do(client.newRequest("GET", "/v2/"))).status;
}

Deno.test("a URL keeps its trailing slash", () => {
  const client = new Client(ADDRESS, { defaultName: "a" });
  const { url } = client.newRequest("POST", "/v2/<name>/blobs/uploads/");
  assertEquals(url, `${ADDRESS}/v2/a/blobs/uploads/`);
});

Deno.test("a Basic challenge is answered by Basic, not by a token", async () => {
  const { client, seen } = guarded(
    'Basic realm="x"',
    `Basic ${btoa("me:pw")}`,
    USER,
  );
  assertEquals(await statusOf(client), 200);
  assertEquals(seen.length, 2);
});

Deno.test("of two challenges the token is chosen, in whatever order they come", async () => {
  const bearer = `Bearer realm="${ADDRESS}/auth"`;
  const challenges = [`Basic realm="x", ${bearer}`, `${bearer}, Basic realm=x`];
  for (const challenge of challenges) {
    const { client } = guarded(challenge, "Bearer t", USER);
    assertEquals(await statusOf(client), 200, challenge);
  }
});

Deno.test("a challenge may lack its service, its scope, or both", async () => {
  const cases = [
    ["", ""],
    [',service="s"', "?service=s"],
    [',scope="repository:a:pull"', "?scope=repository%3Aa%3Apull"],
    [',service="s",scope=""', "?service=s"],
  ] as const;
  for (const [parameters, query] of cases) {
    const challenge = `Bearer realm="${ADDRESS}/auth"${parameters}`;
    const { client, seen } = guarded(challenge, "Bearer t", USER);
    assertEquals(await statusOf(client), 200, challenge);
    assertEquals(seen[1]?.url, `${ADDRESS}/auth${query}`);
  }
});

Deno.test("a challenge's values may be unquoted, its names in any case", async () => {
  const challenge = `bearer Realm=${ADDRESS}/auth,SERVICE=s`;
  const { client, seen } = guarded(challenge, "Bearer t", USER);
  assertEquals(await statusOf(client), 200);
  assertEquals(seen[1]?.url, `${ADDRESS}/auth?service=s`);
});

Deno.test("without a user the token request carries no Basic header", async () => {
  for (const options of [{}, { username: "", password: "" }]) {
    const { client, seen } = guarded(
      `Bearer realm="${ADDRESS}/auth"`,
      "Bearer t",
      options,
    );
    assertEquals(await statusOf(client), 200);
    assertEquals(seen[1]?.headers.has("authorization"), false);
  }
});

Deno.test("a reply without a token is an error, and no Bearer None", async () => {
  const replies = ["{}", '{"token":null}', '{"token":""}', "<html>"];
  for (const reply of replies) {
    const { client, seen } = guarded(
      `Bearer realm="${ADDRESS}/auth"`,
      "Bearer t",
      USER,
      () => new Response(reply),
    );
    await assertRejects(() => statusOf(client), ProtocolError, "token");
    assertEquals(seen.length, 2);
  }
});

Deno.test("the status of the token service is looked at", async () => {
  const { client, seen } = guarded(
    `Bearer realm="${ADDRESS}/auth"`,
    "Bearer t",
    USER,
    () => Response.json({ token: "t" }, { status: 403 }),
  );
  const error = await assertRejects(() => statusOf(client), RegistryError);
  assertEquals(error.status, 403);
  assertEquals(seen.length, 2);
});

Deno.test("a base path stays in front, and is not doubled by a relative Location", () => {
  const client = new Client(`${ADDRESS}/registry`, { defaultName: "a" });
  const { url } = client.newRequest("GET", "/v2/<name>/tags/list");
  assertEquals(url, `${ADDRESS}/registry/v2/a/tags/list`);
  const next = client.newRequest("PUT", "/registry/v2/a/blobs/uploads/1?s=2");
  assertEquals(next.url, `${ADDRESS}/registry/v2/a/blobs/uploads/1?s=2`);
});

Deno.test("an empty User-Agent becomes the default one", () => {
  const client = new Client(ADDRESS, { userAgent: "" });
  assert(client.config.userAgent.startsWith("gantry/"));
  client.close();
});

Deno.test("an absolute Location is absolute, also where the registry gives a relative one", async () => {
  const transport = fromHandler(() =>
    new Response(null, { status: 202, headers: { location: "/v2/a?b=c" } })
  );
  const client = new Client(ADDRESS, { transport });
  const response = await client.do(client.newRequest("POST", "/v2/"));
  assertEquals(response.getAbsoluteLocation(), `${ADDRESS}/v2/a?b=c`);
});

Deno.test("the repeated request has the headers, the query and the body of the first", async () => {
  const shown: string[] = [];
  const transport = fromHandler(async (request) => {
    const { method, url, headers } = request;
    const { pathname, search } = new URL(url);
    if (pathname === "/auth") return Response.json({ token: "t" });
    shown.push(
      `${method} ${search} ${headers.get("x-a")} ${await request.text()}`,
    );
    return new Response(null, {
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${ADDRESS}/auth"` },
    });
  });
  const client = new Client(ADDRESS, { transport, ...USER });
  const source = { size: 3, open: () => new Blob(["abc"]).stream() };
  const request = client.newRequest("PUT", "/v2/a?_state=s")
    .setHeader("X-A", "b").setQueryParam("digest", "d").setBody(source);
  await client.do(request);
  assertEquals(shown, Array(2).fill("PUT ?_state=s&digest=d b abc"));
});

Deno.test("an authScope takes the place of the challenge's scope", async () => {
  const authScope = "repository:b:pull";
  const { client, seen } = guarded(
    `Bearer realm="${ADDRESS}/auth",scope="repository:a:pull"`,
    "Bearer t",
    { ...USER, authScope },
  );
  assertEquals(await statusOf(client), 200);
  assertEquals(seen[1]?.url, `${ADDRESS}/auth?scope=repository%3Ab%3Apull`);
});

Deno.test("RegistryClient takes an authScope, too", async () => {
  const seen: string[] = [];
  const transport = fromHandler(({ headers, url }) => {
    const { pathname, search } = new URL(url);
    if (pathname === "/auth") {
      seen.push(search);
      return Response.json({ token: "t" });
    }
    return headers.has("authorization")
      ? Response.json({ name: "a", tags: ["v1"] })
      : new Response(null, {
        status: 401,
        headers: { "www-authenticate": `Bearer realm="${ADDRESS}/auth"` },
      });
  });
  const { tags } = new RegistryClient("registry.example", {
    transport,
    authScope: "repository:b:pull",
  }).repository("a");
  assertEquals(await Array.fromAsync(tags.list()), ["v1"]);
  assertEquals(seen, ["?scope=repository%3Ab%3Apull"]);
});

Deno.test("no answer is waited for that an aborted signal forbids", async () => {
  const client = new Client(ADDRESS, {
    transport: fromHandler(() => new Response()),
  });
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const request = client.newRequest("GET", "/v2/");
  const error = await assertRejects(() => client.do(request, { signal }));
  assertEquals(error, reason);
});

Deno.test("a redirect gets the body anew", async () => {
  const bodies: string[] = [];
  const transport = fromHandler(async (request) => {
    bodies.push(await request.text());
    return bodies.length === 1
      ? Response.redirect(`${ADDRESS}/elsewhere`, 307)
      : new Response("done");
  });
  const client = new Client(ADDRESS, { transport });
  const source = { size: 3, open: () => new Blob(["abc"]).stream() };
  await client.do(client.newRequest("PUT", "/v2/a").setBody(source));
  assertEquals(bodies, ["abc", "abc"]);
});
