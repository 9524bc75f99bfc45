import {
  type BearerTokens,
  type IssuedToken,
  readAccess,
  type TokenGrant,
} from "./bearer_tokens.ts";

/** Options of {@linkcode issueTokens}. */
export interface IssueTokensOptions {
  /**
   * The secret that signs tokens, at least 32 bytes. Several processes that serve
   * one registry need the same.
   *
   * @default {32 random bytes}
   */
  readonly key?: Uint8Array | undefined;
  /**
   * How long a token is good for, in seconds.
   *
   * @default {300}
   */
  readonly lifetime?: number | undefined;
  /**
   * The name of the registry in its tokens.
   *
   * @default {"gantry"}
   */
  readonly service?: string | undefined;
}

const ALGORITHM = "HS256";

/**
 * Lets a registry hand out its own Bearer tokens, at `/auth/token`, and take them.
 *
 * A token is a signed JWT with the claims of docker's token format. It holds what
 * its user may do of what was asked for; what the user may no longer do is refused
 * although a token says so.
 *
 * @throws {RangeError} The key is too short, or the lifetime not positive.
 *
 * @example Ask for a token, and use it
 * ```ts
 * import { createRegistry, issueTokens } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createRegistry({
 *   authenticate: (name, password) => password === "secret" ? { name } : undefined,
 *   tokens: issueTokens(),
 * });
 * const ask = (path: string, authorization: string, method = "GET") =>
 *   registry.fetch(new Request(`http://localhost${path}`, { method, headers: { authorization } }));
 *
 * const scope = "repository:app:pull,push";
 * const answer = await ask(`/auth/token?scope=${scope}`, `Basic ${btoa("me:secret")}`);
 * const { token } = await answer.json();
 * const begun = await ask("/v2/app/blobs/uploads/", `Bearer ${token}`, "POST");
 * assertEquals(begun.status, 202);
 * ```
 */
export function issueTokens(options: IssueTokensOptions = {}): BearerTokens {
  return new OwnTokens(options);
}

class OwnTokens implements BearerTokens {
  readonly service: string;
  readonly realm = undefined;
  readonly #key: Uint8Array;
  readonly #lifetime: number;

  constructor(options: IssueTokensOptions) {
    this.service = options.service ?? "gantry";
    this.#key = options.key ?? crypto.getRandomValues(new Uint8Array(32));
    this.#lifetime = options.lifetime ?? 300;
    if (this.#key.byteLength < 32) {
      throw new RangeError("Cannot sign tokens: the key needs 32 bytes");
    }
    if (!(this.#lifetime > 0)) {
      throw new RangeError("Cannot sign tokens: the lifetime must be positive");
    }
  }

  async issue({ user, access }: TokenGrant): Promise<IssuedToken> {
    const { SignJWT } = await import("jose");
    const issued = new Date();
    const seconds = Math.floor(issued.getTime() / 1000);
    const token = await new SignJWT({ access })
      .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
      .setIssuer(this.service)
      .setAudience(this.service)
      .setSubject(user ?? "")
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + this.#lifetime)
      .setJti(crypto.randomUUID())
      .sign(this.#key);
    return { token, lifetime: this.#lifetime, issued };
  }

  async verify(token: string): Promise<TokenGrant | undefined> {
    const { errors, jwtVerify } = await import("jose");
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [ALGORITHM],
        issuer: this.service,
        audience: this.service,
        requiredClaims: ["exp", "sub"],
      });
      return {
        user: payload.sub || undefined,
        access: readAccess(payload.access),
      };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
