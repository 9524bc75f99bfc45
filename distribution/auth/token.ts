import type {
  IdentityTokenCredential,
  PasswordCredential,
} from "../credential.ts";
import { ProtocolError } from "../errors.ts";
import { redactUrl } from "../redact.ts";
import { redirect } from "../redirect.ts";
import type { Transport, TransportRequest } from "../transport.ts";
import { readBounded } from "../_body.ts";
import { discard } from "../_discard.ts";
import { basicAuthorization } from "./basic.ts";
import { isBearerToken } from "./bearer.ts";
import { tokenFailure } from "./_token_failure.ts";

/** An access token. */
export interface Token {
  /** What goes into the `Authorization` header behind `Bearer`. */
  readonly value: string;
  /** The merged scopes that it was asked for; the service may have granted fewer. */
  readonly scopes: readonly string[];
  /** When to stop using it, in milliseconds since the epoch: some time before it expires. */
  readonly expiresAt: number;
  /** An identity token to show next time, in place of the one that was shown. */
  readonly refreshToken?: string | undefined;
}

/** Where a token comes from, and for what. */
export interface TokenRequest {
  /** The URL of the token service, its own query included. */
  readonly realm: URL;
  /** The name by which the service knows the registry. */
  readonly service?: string | undefined;
  /** The merged scopes. */
  readonly scopes: readonly string[];
  /** What to show; without it the token is an anonymous one. */
  readonly credential?:
    | PasswordCredential
    | IdentityTokenCredential
    | undefined;
  /** The name of this program, which OAuth2 wants. */
  readonly clientId: string;
  /** The `User-Agent`. No other header of the registry's requests is sent. */
  readonly userAgent?: string | undefined;
  /** Ends the request with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Gives the time in milliseconds since the epoch. */
  readonly clock: () => number;
}

const MAX_REPLY = 128 * 1024;
/** What a token lives at least, and where its reply names no time. */
const MIN_LIFETIME = 60_000;
/** How long before its end a token is renewed, and the share of its life that this is at most. */
const MARGIN = 30_000;
const MARGIN_SHARE = 6;

/**
 * Asks a token service for an access token: by `GET` with Basic for a password,
 * by an OAuth2 `POST` for an identity token, by a bare `GET` for nobody. Where a
 * service knows no `GET` (404, 405), a password is posted to it, too.
 *
 * Follows the token authentication specification of the distribution project. The
 * caller has checked that the realm may see the credential; redirects that would
 * show it to another origin are refused.
 *
 * @throws {RegistryError} The service answered with a failure.
 * @throws {ProtocolError} Its reply holds no usable token (`TOKEN_INVALID`), or is
 * larger than 128 KiB.
 * @throws {SecurityError} It redirects the credential to another origin.
 */
export async function fetchToken(
  transport: Transport,
  request: TokenRequest,
): Promise<Token> {
  const { clock, credential, realm, scopes } = request;
  const action = `Cannot get a token from ${redactUrl(realm)}`;
  const send = redirect(transport, { sameOrigin: credential !== undefined });
  let wire = credential !== undefined && "identityToken" in credential
    ? byPost(request, credential)
    : byGet(request, credential);
  let response = await send(wire);
  if (isNoMethod(response) && wire.method === "GET" && credential) {
    const post = byPost(request, credential);
    const answer = await send(post);
    // Of two that say the same, the first is what the caller asked for.
    const isBetter = !isNoMethod(answer);
    await discard(isBetter ? response : answer);
    if (isBetter) [wire, response] = [post, answer];
  }
  if (!response.ok) {
    throw await tokenFailure(action, response, wire, credential, clock());
  }
  const bytes = await readBounded(response, MAX_REPLY, action);
  const reply = parseReply(bytes, action);
  const value = [reply.token, reply.access_token].find((text) =>
    typeof text === "string" && text !== ""
  );
  if (typeof value !== "string") throw invalid(action, "found no token");
  if (!isBearerToken(value)) {
    throw invalid(action, "found a token with forbidden characters");
  }
  const lifetime = lifetimeOf(reply, response.headers.get("date"), clock());
  const margin = Math.min(MARGIN, lifetime / MARGIN_SHARE);
  const expiresAt = clock() + lifetime - margin;
  const refreshToken = reply.refresh_token;
  return typeof refreshToken === "string" && refreshToken !== ""
    ? { value, scopes, expiresAt, refreshToken }
    : { value, scopes, expiresAt };
}

function isNoMethod({ status }: Response): boolean {
  return status === 404 || status === 405;
}

function byGet(
  request: TokenRequest,
  credential: PasswordCredential | undefined,
): TransportRequest {
  const { realm, scopes, service, signal } = request;
  const headers = headersOf(request);
  if (credential !== undefined) {
    headers.set("authorization", basicAuthorization(credential));
  }
  const query = new URLSearchParams();
  if (service) query.append("service", service);
  for (const scope of scopes) query.append("scope", scope);
  const url = new URL(realm);
  // The realm's own query stays as it is written, because it may be signed.
  url.search = [url.search, String(query)].filter(Boolean).join("&");
  return { method: "GET", url, headers, signal };
}

/** Makes an OAuth2 request (RFC 6749 §4.3.2 and §6). */
function byPost(
  request: TokenRequest,
  credential: PasswordCredential | IdentityTokenCredential,
): TransportRequest {
  const { clientId, realm, scopes, service, signal } = request;
  const headers = headersOf(request);
  headers.set("content-type", "application/x-www-form-urlencoded");
  const isPassword = "password" in credential;
  const form = new URLSearchParams({
    grant_type: isPassword ? "password" : "refresh_token",
  });
  if (service) form.append("service", service);
  form.append("client_id", clientId);
  if (scopes.length > 0) form.append("scope", scopes.join(" "));
  if (isPassword) {
    form.append("username", credential.username);
    form.append("password", credential.password);
  } else {
    form.append("refresh_token", credential.identityToken);
  }
  const body = new TextEncoder().encode(String(form));
  return { method: "POST", url: new URL(realm), headers, body, signal };
}

function headersOf({ userAgent }: TokenRequest): Headers {
  const headers = new Headers({ accept: "application/json" });
  if (userAgent) headers.set("user-agent", userAgent);
  return headers;
}

/** The members of a reply that count, unchecked. */
interface TokenReply {
  readonly token?: unknown;
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly issued_at?: unknown;
  readonly refresh_token?: unknown;
}

function parseReply(bytes: Uint8Array, action: string): TokenReply {
  let reply: unknown;
  try {
    reply = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // The parser's own message quotes the reply, which may hold the token.
    throw invalid(action, "the reply is no JSON");
  }
  if (typeof reply !== "object" || reply === null) {
    throw invalid(action, "the reply is no JSON object");
  }
  return reply;
}

/**
 * How long the token still lives, in milliseconds. Its age is measured by the
 * service's own clock where the reply has a date, so that a skewed clock here
 * does no harm.
 */
function lifetimeOf(
  reply: TokenReply,
  date: string | null,
  now: number,
): number {
  const seconds = Number(reply.expires_in ?? NaN);
  const whole = seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : 0;
  const sent = date === null ? NaN : Date.parse(date);
  const issued = Date.parse(String(reply.issued_at ?? ""));
  const age = (Number.isNaN(sent) ? now : sent) - issued;
  return Math.max(MIN_LIFETIME, whole) - (age > 0 ? age : 0);
}

function invalid(action: string, reason: string): ProtocolError {
  return new ProtocolError("TOKEN_INVALID", `${action}: ${reason}`);
}
