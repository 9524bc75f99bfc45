import {
  type BearerTokens,
  readAccess,
  type TokenGrant,
} from "./bearer_tokens.ts";

/** Options of {@linkcode acceptTokens}. */
export interface AcceptTokensOptions {
  /** The URL of the token service, to which clients are sent. */
  readonly realm: string;
  /** Who must have issued a token: its claim `iss`. */
  readonly issuer: string;
  /** The name of the registry at the token service: a token's claim `aud`. */
  readonly service: string;
  /**
   * The issuer's public keys: JSON Web Keys, or texts in PEM (`PUBLIC KEY` or
   * `CERTIFICATE`). No other key is ever used, whatever a token says of itself.
   */
  readonly keys: readonly (JsonWebKey & { kid?: string } | string)[];
  /**
   * The signature algorithms that are accepted, by their names in JWS.
   *
   * @default {RS256 to RS512, PS256 to PS512, ES256 to ES512, EdDSA and Ed25519}
   */
  readonly algorithms?: readonly string[] | undefined;
}

const ALGORITHMS: readonly string[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
/** Tokens of a clock that is a little ahead or behind are good. */
const CLOCK_TOLERANCE = 5;

/**
 * Lets a registry take the Bearer tokens of a token service elsewhere, such as
 * docker's `auth_server`.
 *
 * A token is checked with the given keys alone: the fields `jwk`, `jku`, `x5u` and
 * `x5c` of its header are not looked at, and `kid` only chooses among the given
 * keys (CVE-2025-24976).
 *
 * @throws {TypeError} There is no key, or one of them is secret.
 *
 * @example Take the tokens of a service
 * ```ts
 * import { acceptTokens, createRegistry } from "@gantry/oci/distribution/server";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
 * const registry = createRegistry({
 *   tokens: acceptTokens({
 *     realm: "https://auth.example/token",
 *     issuer: "auth.example",
 *     service: "registry.example",
 *     keys: [await crypto.subtle.exportKey("jwk", (pair as CryptoKeyPair).publicKey)],
 *   }),
 * });
 * const answer = await registry.fetch(new Request("http://localhost/v2/app/tags/list"));
 * assertStringIncludes(answer.headers.get("www-authenticate")!, 'realm="https://auth.example/token"');
 * ```
 */
export function acceptTokens(options: AcceptTokensOptions): BearerTokens {
  return new ForeignTokens(options);
}

type Key = AcceptTokensOptions["keys"][number];

class ForeignTokens implements BearerTokens {
  readonly service: string;
  readonly realm: string;
  readonly #options: AcceptTokensOptions;
  readonly #algorithms: readonly string[];

  constructor(options: AcceptTokensOptions) {
    this.service = options.service;
    this.realm = options.realm;
    this.#options = options;
    this.#algorithms = options.algorithms ?? ALGORITHMS;
    if (options.keys.length === 0) {
      throw new TypeError("Cannot accept tokens: there is no key");
    }
    if (options.keys.some(isSecret)) {
      throw new TypeError("Cannot accept tokens: a key is not a public one");
    }
    if (this.#algorithms.some((name) => /^(?:HS|none$)/i.test(name))) {
      throw new TypeError(
        "Cannot accept tokens: an algorithm is not one of public keys",
      );
    }
  }

  async verify(token: string): Promise<TokenGrant | undefined> {
    const { decodeProtectedHeader } = await import("jose");
    let header: { alg?: string | undefined; kid?: string | undefined };
    try {
      header = decodeProtectedHeader(token);
    } catch {
      return undefined;
    }
    const { alg, kid } = header;
    if (alg === undefined || !this.#algorithms.includes(alg)) return undefined;
    for (const key of choose(this.#options.keys, kid)) {
      const grant = await this.#verifyWith(key, alg, token);
      if (grant !== undefined) return grant;
    }
    return undefined;
  }

  async #verifyWith(
    key: Key,
    alg: string,
    token: string,
  ): Promise<TokenGrant | undefined> {
    const { errors, jwtVerify } = await import("jose");
    const imported = await importKey(key, alg);
    if (imported === undefined) return undefined;
    try {
      const { payload } = await jwtVerify(token, imported, {
        algorithms: [alg],
        issuer: this.#options.issuer,
        audience: this.#options.service,
        clockTolerance: CLOCK_TOLERANCE,
        requiredClaims: ["exp"],
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

/** The keys of that name where there are any, else all: the name is not what makes a key right. */
function choose(
  keys: readonly Key[],
  kid: string | undefined,
): readonly Key[] {
  const named = keys.filter((key) =>
    typeof key === "object" && kid !== undefined && key.kid === kid
  );
  return named.length > 0 ? named : keys;
}

/** A key for an algorithm; undefined where the key is of another kind. */
async function importKey(
  key: Key,
  alg: string,
): Promise<CryptoKey | undefined> {
  const { importJWK, importSPKI, importX509 } = await import("jose");
  try {
    if (typeof key === "string") {
      return key.includes("BEGIN CERTIFICATE")
        ? await importX509(key, alg)
        : await importSPKI(key, alg);
    }
    if (key.alg !== undefined && key.alg !== alg) return undefined;
    const imported = await importJWK(key, alg);
    return imported instanceof Uint8Array ? undefined : imported;
  } catch {
    return undefined;
  }
}

function isSecret(key: Key): boolean {
  return typeof key === "string"
    ? key.includes("PRIVATE KEY")
    : key.kty === "oct" || key.d !== undefined || key.k !== undefined;
}
