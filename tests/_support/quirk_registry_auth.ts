import {
  drop,
  type Handler,
  type Quirk,
  type QuirkWorld,
  refuse,
  routeOf,
} from "./quirk_registry_world.ts";

/** The user that registries and token services with quirks know. */
export const QUIRK_USER: {
  readonly username: string;
  readonly password: string;
} = { username: "me", password: "s3cret-pass" };
/** The identity token that stands for that user. */
export const QUIRK_IDENTITY = "s3cret-identity";

const BASIC = `Basic ${btoa(`${QUIRK_USER.username}:${QUIRK_USER.password}`)}`;
/** A query of a realm, which must arrive as it was written. */
const REALM_QUERY = "tenant=a%2Fb&v=1+2";

/** What a registry's tokens are like. */
interface TokenQuirk {
  /** How the challenge is written. */
  readonly challenge?: (realm: string, scope: string) => string;
  /** What the reply says beside or in place of `token`. */
  readonly reply?: (token: string) => unknown;
  /** Which of the scopes that are asked for are granted. */
  readonly grant?: (scopes: readonly string[]) => readonly string[];
  /** How a token may be asked for: by the password, or by an identity token. */
  readonly by?: "password" | "identity";
  /** Whether everybody may pull. */
  readonly anonymous?: boolean;
  /** Whether a mount needs leave to pull from the other repository. */
  readonly mountNeedsSource?: boolean;
  /** Tells that all tokens shall expire now. */
  readonly expires?: (request: Request) => boolean;
  /** Whether the realm has a query of its own. */
  readonly query?: boolean;
}

/** A registry that wants tokens, and the service that hands them out. */
class Tokens {
  readonly #quirk: TokenQuirk;
  readonly #world: QuirkWorld;
  readonly #granted = new Map<string, ReadonlySet<string>>();
  #count = 0;

  constructor(quirk: TokenQuirk, world: QuirkWorld) {
    this.#quirk = quirk;
    this.#world = world;
    world.serve("auth", (request) => this.#issue(request));
  }

  /** The answer to a request without leave, undefined where it has leave. */
  refuse(request: Request): Response | undefined {
    const shown = request.headers.get("authorization");
    if (shown?.startsWith("Basic ")) {
      this.#world.complain("the password was shown to a registry of tokens");
    }
    if (shown !== null && !/^(Bearer|Basic) ./.test(shown)) {
      this.#world.complain(`an empty credential was shown: ${shown}`);
    }
    if (this.#quirk.expires?.(request)) this.#granted.clear();
    const needed = this.#needed(request);
    const granted = this.#granted.get(shown?.replace(/^Bearer /, "") ?? "");
    if (granted !== undefined && needed.every((one) => granted.has(one))) {
      return undefined;
    }
    const query = this.#quirk.query ? `?${REALM_QUERY}` : "";
    const realm = `${this.#world.origin("auth")}/token${query}`;
    // As registries do, for the repository of the request only.
    const [first = ""] = needed;
    const scope = first === "ping"
      ? ""
      : text(needed.filter((one) => nameOf(one) === nameOf(first)));
    const challenge = this.#quirk.challenge?.(realm, scope) ??
      `Bearer realm="${realm}",service="quirks"${scope && `,scope="${scope}"`}`;
    return refuse(401, "UNAUTHORIZED", { "www-authenticate": challenge });
  }

  #needed(request: Request): string[] {
    const { kind, repository } = routeOf(request);
    if (kind === "ping") return ["ping"];
    if (kind === "catalog") return ["registry:catalog:*"];
    const actions = request.method === "DELETE" && kind !== "upload"
      ? ["delete"]
      : /^(GET|HEAD)$/.test(request.method) && kind !== "upload"
      ? ["pull"]
      : ["pull", "push"];
    const needed = actions.map((one) => `repository:${repository}:${one}`);
    const from = new URL(request.url).searchParams.get("from");
    if (from !== null && this.#quirk.mountNeedsSource) {
      needed.push(`repository:${from}:pull`);
    }
    return needed;
  }

  async #issue(request: Request): Promise<Response> {
    const { anonymous, by = "password", grant, query, reply } = this.#quirk;
    const url = new URL(request.url);
    const shown = request.headers.get("authorization");
    if (shown !== null && !shown.startsWith("Basic ")) {
      this.#world.complain("a token was shown to the token service");
    }
    if (query && !url.search.startsWith(`?${REALM_QUERY}`)) {
      this.#world.complain(`the realm's query arrived as ${url.search}`);
      return refuse(400, "BAD_REALM");
    }
    let scopes: string[];
    let known: boolean;
    if (request.method === "POST") {
      if (by !== "identity") {
        await drop(request);
        return new Response(null, { status: 405 });
      }
      const form = new URLSearchParams(await request.text());
      scopes = (form.get("scope") ?? "").split(" ");
      known = form.get("grant_type") === "refresh_token" &&
        form.get("refresh_token") === QUIRK_IDENTITY &&
        form.has("client_id") && form.get("service") === "quirks";
    } else {
      scopes = url.searchParams.getAll("scope");
      known = by === "password" && shown === BASIC;
      if (shown !== null && !known) return refuse(401, "UNAUTHORIZED");
    }
    if (!known && !(anonymous && shown === null)) {
      return refuse(401, "UNAUTHORIZED");
    }
    const wanted = scopes.flatMap(split);
    const granted = (grant?.(wanted) ?? wanted).filter((one) =>
      known || one.endsWith(":pull")
    );
    const token = `token-${++this.#count}`;
    this.#granted.set(token, new Set([...granted, "ping"]));
    return Response.json(
      reply?.(token) ?? { token, expires_in: 300 },
    );
  }
}

/** `repository:a:pull,push` as one scope for each action. */
function split(scope: string): string[] {
  const at = scope.lastIndexOf(":");
  return scope.slice(at + 1).split(",").map((action) =>
    `${scope.slice(0, at)}:${action}`
  );
}

function nameOf(scope: string): string {
  return scope.slice(0, scope.lastIndexOf(":"));
}

/** Scopes of one repository as one. */
function text(scopes: readonly string[]): string {
  const [first] = scopes;
  if (first === undefined) return "";
  return `${nameOf(first)}:${
    scopes.map((one) => one.slice(one.lastIndexOf(":") + 1)).join(",")
  }`;
}

function tokens(
  traps: readonly string[],
  what: string,
  quirk: TokenQuirk = {},
): Quirk {
  return {
    traps,
    what,
    wrap(next, world) {
      const gate = new Tokens(quirk, world);
      return async (request) => {
        const refusal = gate.refuse(request);
        if (refusal === undefined) return await next(request);
        await drop(request);
        return refusal;
      };
    },
  };
}

/** A quirk of registries whose refusal depends on the request alone. */
function gate(
  traps: readonly string[],
  what: string,
  refusal: (request: Request, world: QuirkWorld) => Response | undefined,
): Quirk {
  return {
    traps,
    what,
    wrap: (next: Handler, world) => async (request) => {
      const answer = refusal(request, world);
      if (answer === undefined) return await next(request);
      await drop(request);
      return answer;
    },
  };
}

const isMount = (request: Request) =>
  request.method === "POST" && routeOf(request).kind === "uploads" &&
  new URL(request.url).searchParams.has("mount");

/** Whether a large upload arrives, for the first time. */
function firstBigBody(): (request: Request) => boolean {
  let isDone = false;
  return (request) => {
    const isBig = routeOf(request).kind === "upload" &&
      Number(request.headers.get("content-length")) > 64 * 1024;
    if (!isBig || isDone) return false;
    return isDone = true;
  };
}

/** Quirks of authentication: T6 to T8. */
export const AUTH_QUIRKS: Readonly<Record<string, Quirk>> = {
  "basic": gate(
    ["ECR"],
    "names and passwords, no tokens",
    ({ headers }) =>
      headers.get("authorization") === BASIC ? undefined : refuse(
        401,
        "UNAUTHORIZED",
        {
          "www-authenticate":
            'Basic realm="https://ecr.example/",service="ecr"',
        },
      ),
  ),
  "tokens": tokens(["T6", "T7"], "tokens that serve just what was asked for"),
  "tokens-anonymous": tokens(
    ["T7"],
    "a token is needed even to pull what is public",
    { anonymous: true },
  ),
  "tokens-last-scope": tokens(
    ["T6"],
    "a token serves the last of its scopes only, which a mount needs two of",
    {
      grant: (scopes) => {
        const last = nameOf(scopes.at(-1) ?? "");
        return scopes.filter((one) => nameOf(one) === last);
      },
      mountNeedsSource: true,
    },
  ),
  "tokens-mount-source": tokens(
    ["T6"],
    "a mount needs leave to pull from its source, public or not",
    { mountNeedsSource: true },
  ),
  "tokens-identity": tokens(
    ["T7"],
    "tokens only for an identity token, by POST",
    { by: "identity" },
  ),
  "tokens-access": tokens(
    ["T7"],
    "the reply names the token access_token, and no time",
    { reply: (token) => ({ access_token: token }) },
  ),
  "tokens-both": tokens(
    ["T7"],
    "the reply names the token twice, and its time in the past as text",
    {
      reply: (token) => ({
        token,
        access_token: token,
        expires_in: "0",
        issued_at: "nonsense",
      }),
    },
  ),
  "tokens-realm-query": tokens(
    ["T7"],
    "the realm has a query of its own",
    { query: true },
  ),
  "challenge-unquoted": tokens(["T7"], "a challenge without quotes", {
    challenge: (realm, scope) =>
      `Bearer realm=${realm},service=quirks${scope && `,scope="${scope}"`}`,
  }),
  "challenge-several": tokens(["T7"], "several challenges in one header", {
    challenge: (realm, scope) =>
      `Negotiate, Basic realm="a, b", BEARER Realm="${realm}" , Service="quirks"${
        scope && `,scope="${scope}"`
      }, Digest nonce="x"`,
  }),
  "challenge-bare": tokens(["T7"], "a challenge without the word Bearer", {
    challenge: (realm, scope) =>
      `realm="${realm}",service="quirks"${scope && `,scope="${scope}"`}`,
  }),
  "tokens-expire": {
    traps: ["T8"],
    what: "all tokens expire while the first large body is under way",
    wrap: (next, world) =>
      tokens([], "", { expires: firstBigBody() }).wrap(next, world),
  },
  "mount-unauthorized": gate(
    ["T6"],
    "every mount is answered with 401",
    (request) =>
      isMount(request)
        ? refuse(401, "UNAUTHORIZED", {
          "www-authenticate": 'Basic realm="mount"',
        })
        : undefined,
  ),
  "mount-needs-from": gate(
    ["T6"],
    "a mount without its source is refused",
    (request) =>
      isMount(request) && !new URL(request.url).searchParams.has("from")
        ? refuse(400, "BLOB_UPLOAD_INVALID")
        : undefined,
  ),
  "mount-ignored": {
    traps: ["T6"],
    what: "every mount is answered with a session",
    wrap: (next) => async (request) => {
      if (!isMount(request)) return await next(request);
      const url = new URL(request.url);
      url.search = "";
      const { headers } = request;
      return await next(new Request(url, { method: "POST", headers }));
    },
  },
};
