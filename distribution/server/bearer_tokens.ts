/** What a token lets its bearer do with one thing, as docker's token format writes it. */
export interface TokenAccess {
  /** What the thing is: `repository`, or `registry`. */
  readonly type: string;
  /** Its name. */
  readonly name: string;
  /** What may be done with it: `pull`, `push`, `delete`, or `*` for all. */
  readonly actions: readonly string[];
}

/** What a right token says. */
export interface TokenGrant {
  /** Who bears it; undefined for a token that was made for anybody. */
  readonly user: string | undefined;
  /** What it is good for. */
  readonly access: readonly TokenAccess[];
}

/** A token, as a token endpoint hands it out. */
export interface IssuedToken {
  /** The token. */
  readonly token: string;
  /** How long it is good for, in seconds. */
  readonly lifetime: number;
  /** From when on it is good. */
  readonly issued: Date;
}

/** How a registry takes Bearer tokens. {@linkcode issueTokens} and {@linkcode acceptTokens} make them. */
export interface BearerTokens {
  /** The name of the registry at the token service. */
  readonly service: string;
  /** The token service; undefined where it is the registry's own endpoint `/auth/token`. */
  readonly realm: string | undefined;
  /** Reads a token; undefined where it is not good. */
  verify(token: string): Promise<TokenGrant | undefined>;
  /** Makes a token, where the registry's own endpoint hands them out. */
  issue?(grant: TokenGrant): Promise<IssuedToken>;
}

/** The most characters of a token that are looked at. */
const MAX_LENGTH = 64 * 1024;

/** The token of an `Authorization` header of RFC 6750; undefined where it has none. */
export function parseBearer(header: string): string | undefined {
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1];
  return token === undefined || token.length > MAX_LENGTH ? undefined : token;
}

/** Whether a token is good for something. */
export function isGranted(
  { access }: TokenGrant,
  type: string,
  name: string,
  action: string,
): boolean {
  return access.some((entry) =>
    entry.type === type && entry.name === name &&
    (entry.actions.includes(action) || entry.actions.includes("*"))
  );
}

/** Reads the claim `access` of a token: what is malformed in it grants nothing. */
export function readAccess(claim: unknown): readonly TokenAccess[] {
  if (!Array.isArray(claim)) return [];
  return claim.filter((entry): entry is TokenAccess =>
    typeof entry === "object" && entry !== null &&
    typeof entry.type === "string" && typeof entry.name === "string" &&
    Array.isArray(entry.actions) &&
    entry.actions.every((action: unknown) => typeof action === "string")
  );
}
