import {
  type ClientOptions,
  fromHandler,
  RegistryClient,
} from "@gantry/oci/distribution";

/** A request for a token, as it came over the wire. */
export interface TokenRequestSeen {
  readonly method: string;
  readonly authorization: string | null;
  readonly service: string | null;
  readonly scopes: readonly string[];
  /** The fields of the body; none for a GET. */
  readonly form: URLSearchParams;
}

/** A request to the registry that carried what it was let in for. */
export interface RequestSeen {
  readonly path: string;
  readonly authorization: string | null;
  /** The scopes of the token that it carried. */
  readonly scopes: readonly string[];
}

/** How the two servers behave. */
export interface AuthScript {
  /** The challenge, with REALM in place of the token service's URL. */
  readonly challenge?: string;
  /** The registry wants Basic, and takes any. */
  readonly basic?: boolean;
  /** What the token service answers; a new token where not given. */
  readonly token?: (request: TokenRequestSeen) => Response | Promise<Response>;
  /** What a request with a good token is answered in place of a success. */
  readonly answer?: (
    request: RequestSeen,
  ) => { status: number; challenge: string | undefined } | undefined;
}

/** Where the two servers are, as `host[:port]`. */
export interface AuthHosts {
  readonly registry: string;
  readonly tokens: string;
}

const HOSTS: AuthHosts = {
  registry: "registry.example",
  tokens: "tokens.example",
};

/** A registry with one tag everywhere, and its token service, in this process. */
export class AuthWorld {
  readonly tokenRequests: TokenRequestSeen[] = [];
  readonly seen: RequestSeen[] = [];
  /** The registry's host. */
  readonly registry: string;
  /** The hosts of both servers. */
  readonly hosts: readonly string[];
  readonly #script: AuthScript;
  readonly #tokens = new Map<string, readonly string[]>();
  readonly #tokenHost: string;

  constructor(script: AuthScript = {}, hosts: AuthHosts = HOSTS) {
    this.#script = script;
    this.registry = hosts.registry;
    this.hosts = [hosts.registry, hosts.tokens];
    this.#tokenHost = hosts.tokens;
  }

  /** A client over plain HTTP, which tries each request once. */
  client(options: ClientOptions = {}): RegistryClient {
    return new RegistryClient(this.registry, {
      plainHttp: true,
      transport: fromHandler((request) => this.fetch(request)),
      retry: { maxAttempts: 1 },
      ...options,
    });
  }

  /** Takes no token any more that was given so far. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  /** Answers for both servers. */
  fetch(request: Request): Response | Promise<Response> {
    const { host } = new URL(request.url);
    return host === this.#tokenHost
      ? this.#token(request)
      : this.#registry(request);
  }

  async #token(request: Request): Promise<Response> {
    const { headers, method } = request;
    const query = new URL(request.url).searchParams;
    const form = new URLSearchParams(await request.text());
    const seen = {
      method,
      authorization: headers.get("authorization"),
      service: query.get("service") ?? form.get("service"),
      scopes: method === "GET"
        ? query.getAll("scope")
        : form.get("scope")?.split(" ") ?? [],
      form,
    };
    this.tokenRequests.push(seen);
    const response = await this.#script.token?.(seen) ??
      Response.json({ token: `t0ken-${this.tokenRequests.length}` });
    const body = await response.clone().json().catch(() => undefined);
    const token = body?.token ?? body?.access_token;
    if (typeof token === "string") this.#tokens.set(token, seen.scopes);
    return response;
  }

  #registry({ headers, url }: Request): Response {
    const authorization = headers.get("authorization");
    const token = /^Bearer (.*)$/.exec(authorization ?? "")?.[1] ?? "";
    const scopes = this.#tokens.get(token);
    const path = new URL(url).pathname;
    const seen = { path, authorization, scopes: scopes ?? [] };
    this.seen.push(seen);
    const realm = `http://${this.#tokenHost}/token`;
    const { answer, basic, challenge } = this.#script;
    const isIn = basic
      ? authorization?.startsWith("Basic ")
      : scopes !== undefined;
    if (!isIn) {
      const asked = challenge ??
        (basic ? 'Basic realm="x"' : 'Bearer realm="REALM",service="registry"');
      return refusal(401, asked.replace("REALM", realm));
    }
    const other = answer?.(seen);
    if (other === undefined) {
      return Response.json({ name: "x", tags: ["v1"] });
    }
    return refusal(
      other.status,
      other.challenge && `Bearer realm="${realm}",${other.challenge}`,
    );
  }
}

function refusal(status: number, challenge: string | undefined): Response {
  return new Response(null, {
    status,
    headers: challenge === undefined ? {} : { "www-authenticate": challenge },
  });
}
