import type { Credential, PasswordCredential } from "../credential.ts";
import { CredentialError } from "../credential_error.ts";
import { RegistryError } from "../errors.ts";
import { redactUrl } from "../redact.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "../transport.ts";
import type { AuthorizeOptions } from "./authorize.ts";
import { basicAuthorization } from "./basic.ts";
import { isBearerToken } from "./bearer.ts";
import { parseChallenges } from "./challenge.ts";
import { checkRealm } from "./realm.ts";
import { mergeScopes } from "./scope.ts";
import { chooseOffer, type Way } from "./_offer.ts";
import { SingleFlight } from "../_single_flight.ts";
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

/** A credential as its store gave it, and the tokens that it was exchanged for. */
interface Account {
  readonly tokens: TokenCache;
  credential: { readonly value: Credential | undefined } | undefined;
}

/** The memory of one registry's authorization: the way in, the credentials, the tokens. */
export class Authorizer {
  readonly #transport: Transport;
  readonly #options: AuthorizeOptions;
  readonly #clock: () => number;
  /** By repository, where the store tells these apart; else there is one. */
  readonly #accounts = new Map<string, Account>();
  readonly #tokenFlights = new SingleFlight<Token>();
  readonly #credentialFlights = new SingleFlight<Credential | undefined>();
  readonly #reportedRealms = new Set<string>();
  /** Scopes that a challenge demanded beyond those of a request, by the latter. */
  readonly #widened = new Map<string, readonly string[]>();
  /** What services gave in place of identity tokens, by the ones that are stored. */
  readonly #rotated = new Map<string, string>();
  readonly #override: readonly string[] | undefined;
  #way: Way | undefined;

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
    const account = this.#accountOf(request);
    const known = account.credential?.value;
    const isVerbatim = known !== undefined && "registryToken" in known;
    // A request that names no scope may need no token: its challenge will tell.
    if (way.scheme === "bearer" && scopes.length === 0 && !isVerbatim) {
      const token = account.tokens.get(scopes, this.#clock());
      return token && fromToken(token, false);
    }
    return await this.#follow(way, request, scopes);
  }

  /** What to show after a refusal, or undefined where that answer stands. */
  async answer(
    request: TransportRequest,
    { headers, status }: Response,
    shown: Authorization | undefined,
  ): Promise<Authorization | undefined> {
    const challenges = parseChallenges(headers.get("www-authenticate"));
    const offer = chooseOffer(challenges, this.#options);
    if (offer === undefined) return undefined;
    const { scope, way } = offer;
    const scopes = this.#widen(request, scope);
    const isWider = shown?.token !== undefined &&
      shown.token.scopes.join(" ") !== scopes.join(" ");
    // A token that was understood serves elsewhere, and would be denied again here.
    if (status === 403 && shown && !isWider) return undefined;
    const account = this.#accountOf(request);
    if (shown !== undefined && status !== 403) {
      if (shown.token !== undefined) account.tokens.delete(shown.token);
      // A rejected credential is read again for the next time: it may have been changed.
      account.credential = undefined;
      if (shown.fresh && !isWider) return undefined;
    }
    this.#way = way;
    const next = await this.#follow(way, request, scopes);
    return next?.header === shown?.header ? undefined : next;
  }

  async #follow(
    way: Way,
    request: TransportRequest,
    scopes: readonly string[],
  ): Promise<Authorization | undefined> {
    const account = this.#accountOf(request);
    if (way.scheme === "bearer") {
      const token = account.tokens.get(scopes, this.#clock());
      if (token !== undefined) return fromToken(token, false);
    }
    const fresh = account.credential === undefined;
    const credential = await this.#credentialOf(account, request);
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
      [this.#keyOf(request), way.realm.href, way.service, ...scopes].join(" "),
      (signal) => this.#fetch(way, credential, scopes, { ...request, signal }),
      request.signal,
    );
    return fromToken(token, true);
  }

  async #fetch(
    { realm, service }: Extract<Way, { scheme: "bearer" }>,
    credential: TokenRequest["credential"],
    scopes: readonly string[],
    request: TransportRequest,
  ): Promise<Token> {
    const { headers, signal } = request;
    const account = this.#accountOf(request);
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
        credential: this.#newest(credential),
        clientId,
        userAgent: headers.get("user-agent") ?? undefined,
        signal,
        clock: this.#clock,
      });
      account.tokens.set(token);
      if (token.refreshToken !== undefined) {
        this.#rotate(credential, token.refreshToken);
      }
      return token;
    } catch (error) {
      if (error instanceof RegistryError) {
        account.credential = undefined;
        this.#rotate(credential, undefined);
      }
      throw error;
    }
  }

  /** A service may give a new identity token with each access token, and take the old one no more. */
  #newest(credential: TokenRequest["credential"]): TokenRequest["credential"] {
    if (credential === undefined || "password" in credential) return credential;
    const newest = this.#rotated.get(credential.identityToken);
    return newest === undefined
      ? credential
      : { ...credential, identityToken: newest };
  }

  #rotate(
    credential: TokenRequest["credential"],
    refreshToken: string | undefined,
  ): void {
    if (credential === undefined || "password" in credential) return;
    const { identityToken } = credential;
    if (refreshToken === undefined) this.#rotated.delete(identityToken);
    else this.#rotated.set(identityToken, refreshToken);
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
    account: Account,
    request: TransportRequest,
  ): Promise<Credential | undefined> {
    const { credentials, registry } = this.#options;
    if (credentials === undefined) return undefined;
    if (account.credential === undefined) {
      const repository = repositoryOf(request);
      const value = await this.#credentialFlights.run(
        this.#keyOf(request),
        (signal) => credentials.get(registry, { signal, repository }),
        request.signal,
      );
      if (value !== undefined && "password" in value) {
        requireBasic(value, registry);
      }
      account.credential = { value };
    }
    return account.credential.value;
  }

  #accountOf(request: TransportRequest): Account {
    const key = this.#keyOf(request);
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = { tokens: new TokenCache(), credential: undefined };
      this.#accounts.set(key, account);
    }
    return account;
  }

  /** The repository, where credentials are those of repositories. */
  #keyOf(request: TransportRequest): string {
    const isApart = this.#options.credentials?.byRepository === true;
    return isApart ? repositoryOf(request) ?? "" : "";
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

/** The repository of a request: of several, as in a mount, the first is the one that is changed. */
function repositoryOf({ scopes = [] }: TransportRequest): string | undefined {
  return /^repository:([^ ]+):[^:]*$/.exec(scopes[0] ?? "")?.[1];
}

function requireBasic(
  { username }: PasswordCredential,
  registry: string,
): void {
  if (!username.includes(":")) return;
  throw new CredentialError(
    "CREDENTIAL_INVALID",
    `Cannot use the credential of ${registry}: its user name holds a colon`,
  );
}

function fromToken(token: Token, fresh: boolean): Authorization {
  return { header: bearer(token.value), fresh, token };
}

function bearer(value: string): string {
  return `Bearer ${value}`;
}
