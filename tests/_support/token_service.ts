/** A request for a token, as it arrived. */
export interface TokenRequestSeen {
  /** The `Authorization` header; null where there was none. */
  readonly authorization: string | null;
  /** The scopes asked for. */
  readonly scopes: readonly string[];
}

/** Whom a {@linkcode TokenService} gives tokens to. */
export interface TokenServiceOptions {
  /** The only name and password that it knows; everybody gets a token where not given. */
  readonly user?: { readonly username: string; readonly password: string };
}

/** A token service on a loopback port, and the door of a registry that trusts it. */
export class TokenService implements AsyncDisposable {
  /** Every request so far. */
  readonly requests: TokenRequestSeen[] = [];
  /** Where it listens, as `127.0.0.1:port`. */
  readonly host: string;
  readonly #valid = new Set<string>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** Starts listening. */
  constructor(options: TokenServiceOptions = {}) {
    const { user } = options;
    const expected = user &&
      `Basic ${btoa(`${user.username}:${user.password}`)}`;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ({ headers, url }) => {
        const authorization = headers.get("authorization");
        const scopes = new URL(url).searchParams.getAll("scope");
        this.requests.push({ authorization, scopes });
        if (expected !== undefined && authorization !== expected) {
          return new Response(null, { status: 401 });
        }
        const token = `token-${crypto.randomUUID()}`;
        this.#valid.add(token);
        return Response.json({ token, expires_in: 3600 });
      },
    );
    this.host = `127.0.0.1:${this.#server.addr.port}`;
  }

  /** Lets all tokens so far expire, before the time that they were promised. */
  expireAll(): void {
    this.#valid.clear();
  }

  /** The answer to a request that has no valid token, and undefined to one that has. */
  refuse({ headers }: Request): Response | undefined {
    const shown = headers.get("authorization") ?? "";
    if (this.#valid.has(shown.replace(/^Bearer /, ""))) return undefined;
    return new Response(null, {
      status: 401,
      headers: {
        "www-authenticate":
          `Bearer realm="http://${this.host}/token",service="registry"`,
      },
    });
  }

  /** Ends it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}
