import { fromHandler, type Transport } from "@gantry/oci/distribution";

/** A request as it arrived, without what the connection needs. */
export interface MockRequest {
  readonly method: string;
  /** The path with its query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A registry that lets `PUT` in with one token only. */
export interface MockRegistry {
  /** Where it is. */
  readonly url: string;
  /** The way there. */
  readonly transport: Transport;
  /** Answers a request. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Every request so far. */
  readonly seen: MockRequest[];
}

/** What a connection needs, and what every runtime's `fetch` adds by itself. */
const PLUMBING: ReadonlySet<string> = new Set([
  "accept-encoding",
  "accept-language",
  "connection",
  "host",
]);
const TOKEN = "abc123";

/**
 * The mock registry of Reggie's own tests, in this process: `/auth` gives a token to
 * testuser with testpass, and a `PUT` needs that token.
 */
export function mockRegistry(
  { member = "token" }: { readonly member?: string } = {},
): MockRegistry {
  const seen: MockRequest[] = [];
  const fetch = async (request: Request) => {
    const { host, pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(
      [...request.headers].filter(([name]) => !PLUMBING.has(name)),
    );
    const body = await request.text();
    const target = `${pathname}${search}`;
    seen.push({ method: request.method, target, headers, body });
    if (pathname === "/auth") {
      return headers["authorization"] === `Basic ${btoa("testuser:testpass")}`
        ? Response.json({ [member]: TOKEN })
        : new Response(null, { status: 401 });
    }
    if (pathname === "/v2/small") return new Response("small");
    if (headers["authorization"] === `Bearer ${TOKEN}`) {
      return new Response("done", { status: 201 });
    }
    const challenge =
      `Bearer realm="http://${host}/auth",service="testservice",scope="pull,push"`;
    return new Response("no", {
      status: 401,
      headers: { "www-authenticate": challenge },
    });
  };
  return {
    url: "http://registry.example",
    seen,
    transport: fromHandler(fetch),
    fetch,
  };
}
