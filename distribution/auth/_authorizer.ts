import type { Credential } from "../credential.ts";
import { CredentialError } from "../credential_error.ts";
import { ProtocolError, RegistryError } from "../errors.ts";
import { redactUrl } from "../redact.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "../transport.ts";
import type { AuthorizeOptions } from "./authorize.ts";
import { basicAuthorization } from "./basic.ts";
import { isBearerToken } from "./bearer.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { checkRealm } from "./realm.ts";
import { mergeScopes } from "./scope.ts";
import { SingleFlight } from "./_single_flight.ts";
import { fetchToken, type Token, type TokenRequest } from "./token.ts";
import { TokenCache } from "./token_cache.ts";

/** What a request shows. */
export interface Authorization {
  /** The value of the `Authorization` header. */
  readonly header: string;
  /** Whether it was got for this very request, so that a rejection is final. */
  readonly fresh: boolean;
  /** The token in it, where it is one that was fetched. */
  readonly token?: Token;
}

/** What the registry was seen to want. */
type Way =
  | { readonly scheme: "basic" }
  | {
    readonly scheme: "bearer";
    readonly realm: URL;
    readonly service: string | undefined;
  };

/** The memory of one registry's authorization: the way in, the credential, the tokens. */
export class Authorizer {
  readonly #transport: Transport;
  readonly #options: AuthorizeOptions;
  readonly #clock: () => number;
  readonly #tokens = new TokenCache();
  readonly #tokenFlights = new SingleFlight<Token>();
  readonly #credentialFlights = new SingleFlight<Credential | undefined>();
  readonly #reportedRealms = new Set<string>();
  /** Scopes that a challenge demanded beyond those of a request, by the latter. */
  readonly #widened = new Map<string, readonly string[]>();
  readonly #override: readonly string[] | undefined;
  #way: Way | undefined;
  #credential: { readonly value: Credential | undefined } | undefined;

  constructor(transport: Transport, options: AuthorizeOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#override = options.scope === undefined
      ? undefined
      : mergeScopes([options.scope]);
  }

  /** What to show before the registry asks: nothing, as long as its way in is not known. */
  async begin(request: TransportRequest): Promise<Authorization | undefined> {
    const way = this.#way;
    if (way === undefined) return undefined;
    const scopes = this.#scopesOf(request);
    const known = this.#credential?.value;
    const isVerbatim = known !== undefined && "registryToken" in known;
    // A request that names no scope may need no token: its challenge will tell.
    if (way.scheme === "bearer" && scopes.length === 0 && !isVerbatim) {
      const token = this.#tokens.get(scopes, this.#clock());
      return token && fromToken(token, false);
    }
    return await this.#follow(way, request, scopes);
  }

  /** What to show after a 401, or undefined where that answer stands. */
  async answer(
    request: TransportRequest,
    headers: Headers,
    shown: Authorization | undefined,
  ): Promise<Authorization | undefined> {
    const challenges = parseChallenges(headers.get("www-authenticate"));
    const offer = this.#wayOf(challenges);
    if (offer === undefined) return undefined;
    const { scope, way } = offer;
    const scopes = this.#widen(request, scope);
    const asked = scopes.join(" ");
    if (shown?.token !== undefined) this.#tokens.delete(shown.token);
    if (shown !== undefined) {
      // A rejected credential is read again for the next time: it may have been changed.
      this.#credential = undefined;
      const wider = shown.token && shown.token.scopes.join(" ") !== asked;
      if (shown.fresh && !wider) return undefined;
    }
    this.#way = way;
    const next = await this.#follow(way, request, scopes);
    return next?.header === shown?.header ? undefined : next;
  }

  /** Chooses among the challenges: a token rather than the password itself. */
  #wayOf(
    challenges: readonly Challenge[],
  ): { way: Way; scope: string | undefined } | undefined {
    const { origin } = this.#options;
    for (const { scheme, parameters } of challenges) {
      const text = parameters.get("realm");
      if (scheme !== "bearer" || text === undefined) continue;
      const realm = URL.parse(text, origin);
      if (realm === null || !/^https?:$/.test(realm.protocol)) {
        throw new ProtocolError(
          "CHALLENGE_INVALID",
          `Cannot authenticate at ${this.#options.registry}: the challenge has a malformed realm`,
        );
      }
      realm.username = "";
      realm.password = "";
      realm.hash = "";
      const service = parameters.get("service");
      const way = { scheme: "bearer", realm, service } as const;
      return { way, scope: parameters.get("scope") };
    }
    return challenges.some(({ scheme }) => scheme === "basic")
      ? { way: { scheme: "basic" }, scope: undefined }
      : undefined;
  }

  async #follow(
    way: Way,
    request: TransportRequest,
    scopes: readonly string[],
  ): Promise<Authorization | undefined> {
    if (way.scheme === "bearer") {
      const token = this.#tokens.get(scopes, this.#clock());
      if (token !== undefined) return fromToken(token, false);
    }
    const fresh = this.#credential === undefined;
    const credential = await this.#credentialOf(request.signal);
    if (way.scheme === "basic") {
      if (credential === undefined || !("password" in credential)) {
        return undefined;
      }
      return { header: basicAuthorization(credential), fresh };
    }
    if (credential !== undefined && "registryToken" in credential) {
      if (!isBearerToken(credential.registryToken)) {
        throw new CredentialError(
          "CREDENTIAL_INVALID",
          `Cannot use the credential of ${this.#options.registry}: its registry token has forbidden characters`,
        );
      }
      return { header: bearer(credential.registryToken), fresh };
    }
    if (credential !== undefined) this.#checkRealm(way.realm);
    const token = await this.#tokenFlights.run(
      [way.realm.href, way.service, ...scopes].join(" "),
      (signal) => this.#fetch(way, credential, scopes, { ...request, signal }),
      request.signal,
    );
    return fromToken(token, true);
  }

  async #fetch(
    { realm, service }: Extract<Way, { scheme: "bearer" }>,
    credential: TokenRequest["credential"],
    scopes: readonly string[],
    { headers, signal }: TransportRequest,
  ): Promise<Token> {
    const { clientId = "gantry", onEvent, registry } = this.#options;
    onEvent?.({
      type: "token",
      registry,
      realm: redactUrl(realm),
      scopes,
      anonymous: credential === undefined,
    });
    try {
      const token = await fetchToken(this.#transportTo(realm), {
        realm,
        service,
        scopes,
        credential,
        clientId,
        userAgent: headers.get("user-agent") ?? undefined,
        signal,
        clock: this.#clock,
      });
      this.#tokens.set(token);
      return token;
    } catch (error) {
      if (error instanceof RegistryError) this.#credential = undefined;
      throw error;
    }
  }

  /** A token service elsewhere has no business with what the base may show at home. */
  #transportTo(realm: URL): Transport {
    if (realm.origin === this.#options.origin.origin) return this.#transport;
    return wrapTransport(
      this.#transport,
      (request) => this.#transport({ ...request, anonymous: true }),
    );
  }

  async #credentialOf(
    signal: AbortSignal | undefined,
  ): Promise<Credential | undefined> {
    const { credentials, registry } = this.#options;
    if (credentials === undefined) return undefined;
    this.#credential ??= {
      value: await this.#credentialFlights.run(
        "",
        (signal) => credentials.get(registry, { signal }),
        signal,
      ),
    };
    return this.#credential.value;
  }

  #checkRealm(realm: URL): void {
    const { onEvent, registry } = this.#options;
    const isForeign = checkRealm(realm, this.#options);
    if (!isForeign || this.#reportedRealms.has(realm.host)) return;
    this.#reportedRealms.add(realm.host);
    onEvent?.({ type: "foreign-realm", registry, realm: redactUrl(realm) });
  }

  #scopesOf(request: TransportRequest): readonly string[] {
    if (this.#override !== undefined) return this.#override;
    const scopes = mergeScopes(request.scopes ?? []);
    return this.#widened.get(scopes.join(" ")) ?? scopes;
  }

  /** Adds the challenge's scope, and remembers it for requests that need the same. */
  #widen(
    request: TransportRequest,
    scope: string | undefined,
  ): readonly string[] {
    if (this.#override !== undefined) return this.#override;
    const scopes = mergeScopes(request.scopes ?? []);
    const wider = mergeScopes([...scopes, scope ?? ""]);
    if (scopes.length > 0 && wider.join(" ") !== scopes.join(" ")) {
      this.#widened.set(scopes.join(" "), wider);
    }
    return wider;
  }
}

function fromToken(token: Token, fresh: boolean): Authorization {
  return { header: bearer(token.value), fresh, token };
}

function bearer(value: string): string {
  return `Bearer ${value}`;
}
