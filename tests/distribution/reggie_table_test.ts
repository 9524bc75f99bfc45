import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { fromHandler, parseChallenges } from "@gantry/oci/distribution";
import {
  Client,
  METHODS,
  Request,
  Response,
} from "@gantry/oci/distribution/reggie";
import { type RowCheck, runTable } from "../_support/readme_table.ts";

const ADDRESS = "https://registry.example";
const PATH = "/v2/<name>/<reference>/<digest>/<session_id>";
const BODY = '{"errors":[{"code":"A"}]}';

/** What the examples' client answers to each request. */
function answer(): globalThis.Response {
  return new globalThis.Response(BODY, {
    status: 401,
    headers: { location: "/v2/up?a=b" },
  });
}

async function openScope() {
  const transport = fromHandler(answer);
  const client = new Client(ADDRESS, {
    transport,
    defaultName: "myorg/myrepo",
    userAgent: "my-agent",
  });
  const request = client.newRequest("GET", "/v2/");
  const names = {
    Client,
    METHODS,
    parseChallenges,
    client,
    request,
    response: await client.do(request),
    url: ADDRESS,
    path: PATH,
    name: "team/app",
    scope: "repository:team/app:pull",
    tag: "v1",
    digest: "sha256:ab",
    id: "id1",
    token: "abc",
    manifest: { schemaVersion: 2 },
    callback,
    header: 'Bearer realm="x"',
  };
  return { names, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function callback(): void {}

/** Expects a client with this in its configuration. */
function configured(expected: Record<string, unknown>): RowCheck {
  return (value) => {
    assertInstanceOf(value, Client);
    for (const [name, expectation] of Object.entries(expected)) {
      assertEquals(value.config[name as keyof Client["config"]], expectation);
    }
    value.close();
  };
}

/** Expects a request, and looks at it. */
function requested(look: (request: Request) => unknown): RowCheck {
  return (value) => {
    assertInstanceOf(value, Request);
    assertEquals(look(value), true, value.url);
  };
}

function is(expected: unknown): RowCheck {
  return (value) => assertEquals(value, expected);
}

const at = (path: string) =>
  requested(({ url }) => url === `${ADDRESS}/v2/${path}`);
const REST = "<reference>/<digest>/<session_id>";

const CHECKS: Readonly<Record<string, RowCheck>> = {
  "NewClient(url)": configured({ address: ADDRESS }),
  'WithUsernamePassword("myuser", "mypass")': configured({
    username: "myuser",
    password: "mypass",
  }),
  "WithAuthScope(scope)": configured({ authScope: "repository:team/app:pull" }),
  "WithDefaultName(name)": configured({ defaultName: "team/app" }),
  "WithDebug(True)": configured({ debug: true }),
  'WithUserAgent("my-agent")': configured({ userAgent: "my-agent" }),
  "WithInsecureSkipTLSVerify(true) of Go": configured({ insecure: true }),
  "client.Config.DefaultName": is("myorg/myrepo"),
  "client.Config.UserAgent": is("my-agent"),
  "client.SetDefaultName(name)": configured({ defaultName: "team/app" }),
  'client.NewRequest("GET", path)': at(`myorg/myrepo/${REST}`),
  "VALID_METHODS": is(METHODS),
  "WithName(name)": at(`team/app/${REST}`),
  "WithReference(tag)": at("myorg/myrepo/v1/<digest>/<session_id>"),
  "WithDigest(digest)": at("myorg/myrepo/<reference>/sha256:ab/<session_id>"),
  "WithSessionID(id)": at("myorg/myrepo/<reference>/<digest>/id1"),
  "WithRetryCallback(callback)": requested(({ retryCallback }) =>
    retryCallback === callback
  ),
  'request.SetMethod("HEAD")': requested(({ method }) => method === "HEAD"),
  "request.SetUrl(path)": at("myorg/myrepo/<reference>/<digest>/<session_id>"),
  'request.SetHeader("Accept", "text/plain")': requested(({ headers }) =>
    headers.get("accept") === "text/plain"
  ),
  'request.SetQueryParam("digest", digest)': at("?digest=sha256%3Aab"),
  "request.SetBody(manifest)": requested(({ body }) =>
    body instanceof Uint8Array &&
    new TextDecoder().decode(body) === '{"schemaVersion":2}'
  ),
  "request.SetRetryCallback(callback)": requested(({ retryCallback }) =>
    retryCallback === callback
  ),
  "request.SetAuthToken(token)": requested(({ headers }) =>
    headers.get("authorization") === "Bearer abc"
  ),
  'request.SetBasicAuth("myuser", "mypass")': requested(({ headers }) =>
    headers.get("authorization") === `Basic ${btoa("myuser:mypass")}`
  ),
  "request.url": is(`${ADDRESS}/v2/`),
  "request.method": is("GET"),
  "client.Do(request)": (value) => assertInstanceOf(value, Response),
  'request.Execute("HEAD", "/v2/")': (value) =>
    assertInstanceOf(value, Response),
  "response.status_code": is(401),
  "response.headers['Location']": is("/v2/up?a=b"),
  "response.GetRelativeLocation()": is("/v2/up?a=b"),
  "response.GetAbsoluteLocation()": is(`${ADDRESS}/v2/up?a=b`),
  "response.IsUnauthorized() of Go": is(true),
  "response.Errors()": is([{ code: "A" }]),
  "response.json()": is(JSON.parse(BODY)),
  "response.text": is(BODY),
  "response.content": is(new TextEncoder().encode(BODY)),
  "response.raw, with request.stream = True": async (value) => {
    assert(value instanceof ReadableStream);
    assertEquals(await new globalThis.Response(value).text(), BODY);
  },
  "parseAuthHeader(header)": is(parseChallenges('Bearer realm="x"')),
};

Deno.test("the README's table for those who come from Reggie holds", async (t) => {
  const heading = "### Coming from oci-python's Reggie, or from the Go one";
  await runTable(
    t,
    { page: "distribution/README.md", heading },
    CHECKS,
    openScope,
  );
});
