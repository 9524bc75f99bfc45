/** Answers requests. */
export type Handler = (request: Request) => Promise<Response>;

/** The hosts around a registry: itself, its object storage, its token service. */
export type Role = "registry" | "storage" | "auth";

/** What quirks share: where the hosts are, and what they saw. */
export interface QuirkWorld {
  /** The origin of a host, such as `https://registry.example`. */
  origin(role: Role): string;
  /** Answers the requests to another host than the registry. */
  serve(role: Exclude<Role, "registry">, handler: Handler): void;
  /** Writes down what the client should not have done. */
  complain(what: string): void;
}

/** One way in which a registry misbehaves. */
export interface Quirk {
  /** The traps that it sets, such as `T4`. */
  readonly traps: readonly string[];
  /** What it does, in a line. */
  readonly what: string;
  /** Puts itself before a registry. */
  wrap(next: Handler, world: QuirkWorld): Handler;
}

/** Thrown by a quirk's handler: the connection ends without an answer. */
export class CutLine extends Error {}

/** Where a request goes. */
export interface Route {
  /** The kind of endpoint. */
  readonly kind:
    | "ping"
    | "catalog"
    | "tags"
    | "manifest"
    | "blob"
    | "uploads"
    | "upload"
    | "referrers"
    | "other";
  /** The repository; empty where the endpoint has none. */
  readonly repository: string;
  /** What stands behind the endpoint's name: a tag, a digest or an upload. */
  readonly reference: string;
}

const ROUTES: readonly [RegExp, Route["kind"]][] = [
  [/^\/v2\/()()$/, "ping"],
  [/^\/v2\/_catalog()()$/, "catalog"],
  [/^\/v2\/(.+)\/tags\/list()$/, "tags"],
  [/^\/v2\/(.+)\/manifests\/([^/]+)$/, "manifest"],
  [/^\/v2\/(.+)\/blobs\/uploads\/()$/, "uploads"],
  [/^\/v2\/(.+)\/blobs\/uploads\/(.+)$/, "upload"],
  [/^\/v2\/(.+)\/blobs\/([^/]+)$/, "blob"],
  [/^\/v2\/(.+)\/referrers\/([^/]+)$/, "referrers"],
];

/** Tells where a request goes. */
export function routeOf({ url }: Pick<Request, "url">): Route {
  const { pathname } = new URL(url);
  for (const [pattern, kind] of ROUTES) {
    const match = pattern.exec(pathname);
    if (match === null) continue;
    return { kind, repository: match[1]!, reference: match[2]! };
  }
  return { kind: "other", repository: "", reference: "" };
}

/** Whether a request is of this method and kind. */
export function is(
  request: Request,
  methods: string,
  kind: Route["kind"],
): boolean {
  return methods.split(",").includes(request.method) &&
    routeOf(request).kind === kind;
}

/** A refusal in the registry's form. */
export function refuse(
  status: number,
  code: string,
  headers: HeadersInit = {},
): Response {
  return Response.json(
    { errors: [{ code, message: `${code.toLowerCase()} (quirk)` }] },
    { status, headers },
  );
}

/** The same request to another URL. Its signal stays behind: servers have no use for it. */
export function redirected(request: Request, url: string | URL): Request {
  const { body, headers, method } = request;
  return new Request(url, {
    method,
    headers,
    body,
    // Needed by the standard for a stream; Deno's types do not know it.
    ...body === null ? {} : { duplex: "half" },
  });
}

/** The same answer with other headers; undefined takes one away. */
export function withHeaders(
  response: Response,
  changes: Readonly<Record<string, string | undefined>>,
): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return new Response(response.body, { status: response.status, headers });
}

/** The answer with a location made by `change` of the absolute one. */
export function withLocation(
  response: Response,
  request: Request,
  change: (location: URL) => string,
): Response {
  const location = response.headers.get("location");
  if (location === null) return response;
  return withHeaders(response, {
    location: change(new URL(location, request.url)),
  });
}

/** Lets go of a body that nobody wants. */
export async function drop(request: Request): Promise<void> {
  await request.body?.cancel().catch(() => {});
}
