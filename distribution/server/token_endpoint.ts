import { readAll } from "../_read_all.ts";
import { isRepositoryName } from "../reference.ts";
import {
  type Authenticate,
  parseBasic,
  type ServerUser,
} from "./basic_auth.ts";
import type { BearerTokens, TokenAccess } from "./bearer_tokens.ts";
import type { Gate } from "./gate.ts";
import { incomingBody } from "./incoming_body.ts";
import { methodNotAllowed, RequestError } from "./request_error.ts";

/** The path of a registry's own token endpoint. */
export const TOKEN_PATH = "/auth/token";

/** What the token endpoint works with. */
export interface TokenEndpoint {
  /** Makes the tokens. */
  readonly tokens: BearerTokens;
  /** Checks names and passwords. */
  readonly authenticate: Authenticate | undefined;
  /** Knows what users may do. */
  readonly gate: Gate;
}

const MAX_FORM = 64 * 1024;
const FORM_RULES = { expected: undefined, timeout: 10_000 };
const MAX_SCOPES = 100;
const SCOPE_ACTIONS = ["pull", "push", "delete"] as const;

interface Asked {
  readonly username: string | undefined;
  readonly password: string;
  readonly scopes: readonly string[];
}

/**
 * Hands out tokens: `GET` with Basic credentials in the header, or `POST` with a
 * form (docker's token and OAuth2 endpoints). Without credentials the token is good
 * for what anybody may do.
 *
 * @throws {RequestError} 400 `UNSUPPORTED`: a scope or the form is malformed. 401 `UNAUTHORIZED`: the credentials are wrong.
 */
export async function answerTokenRequest(
  request: Request,
  query: URLSearchParams,
  endpoint: TokenEndpoint,
): Promise<Response> {
  const asked = request.method === "POST"
    ? await readForm(request)
    : readHeader(request, query);
  const { authenticate, tokens } = endpoint;
  const user = asked.username === undefined
    ? undefined
    : await authenticate?.(asked.username, asked.password);
  if (asked.username !== undefined && !user) throw unauthorized();
  const access = await grantOf(asked.scopes, user, endpoint);
  const { token, lifetime, issued } = await tokens.issue!({
    user: user?.name,
    access,
  });
  const body = {
    token,
    access_token: token,
    expires_in: lifetime,
    issued_at: issued.toISOString(),
    scope: access
      .map(({ type, name, actions }) => `${type}:${name}:${actions.join()}`)
      .join(" "),
  };
  return new Response(JSON.stringify(body), {
    headers: { "content-type": "application/json" },
  });
}

function readHeader(request: Request, query: URLSearchParams): Asked {
  if (request.method !== "GET") {
    throw methodNotAllowed("The endpoint has no such method", ["GET", "POST"]);
  }
  const header = request.headers.get("authorization");
  const basic = header === null ? undefined : parseBasic(header);
  if (header !== null && basic === undefined) throw unauthorized();
  const isEmpty = basic?.username === "" && basic.password === "";
  return {
    username: isEmpty ? undefined : basic?.username,
    password: basic?.password ?? "",
    scopes: query.getAll("scope").flatMap((text) => text.split(" ")),
  };
}

async function readForm(request: Request): Promise<Asked> {
  const bytes = request.body === null ? new Uint8Array() : await readAll(
    incomingBody(request.body, FORM_RULES, () => {}),
    MAX_FORM,
    () => badRequest("The form is too long"),
  );
  const form = new URLSearchParams(new TextDecoder().decode(bytes));
  if (form.get("grant_type") !== "password") {
    throw badRequest("The grant_type must be password");
  }
  return {
    username: form.get("username") ?? "",
    password: form.get("password") ?? "",
    scopes: form.getAll("scope").flatMap((text) => text.split(" ")),
  };
}

/** What of the asked a user may do. */
async function grantOf(
  scopes: readonly string[],
  user: ServerUser | undefined,
  { gate }: TokenEndpoint,
): Promise<readonly TokenAccess[]> {
  if (scopes.length > MAX_SCOPES) throw badRequest("There are too many scopes");
  const granted: TokenAccess[] = [];
  for (const scope of scopes) {
    if (scope === "") continue;
    const { type, name, actions } = parseScope(scope);
    if (type === "registry" && name === "catalog") {
      granted.push({ type, name, actions: ["*"] });
    }
    if (type !== "repository" || !isRepositoryName(name)) continue;
    const wanted = SCOPE_ACTIONS.filter((action) =>
      actions.includes(action) || actions.includes("*")
    );
    const allowed: string[] = [];
    for (const action of wanted) {
      if (
        await gate.permits(user, action, name) ||
        // Who may only move tags needs a token that lets push.
        (action === "push" && await gate.permits(user, "update", name))
      ) allowed.push(action);
    }
    granted.push({ type, name, actions: allowed });
  }
  return granted;
}

function parseScope(text: string): TokenAccess {
  const match = /^([a-z0-9]+)(?:\([a-z0-9]+\))?:([^\s]+):([a-z*,]*)$/
    .exec(text);
  if (match === null) throw badRequest("The scope is malformed");
  const [, type, name, actions] = match;
  return { type: type!, name: name!, actions: actions!.split(",") };
}

function unauthorized(): RequestError {
  return new RequestError(401, "UNAUTHORIZED", "The credentials are wrong", {
    headers: { "www-authenticate": 'Basic realm="gantry", charset="UTF-8"' },
  });
}

function badRequest(message: string): RequestError {
  return new RequestError(400, "UNSUPPORTED", message);
}
