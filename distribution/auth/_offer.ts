import { ProtocolError } from "../errors.ts";
import type { AuthorizeOptions } from "./authorize.ts";
import type { Challenge } from "./challenge.ts";

/** What the registry was seen to want. */
export type Way =
  | { readonly scheme: "basic" }
  | {
    readonly scheme: "bearer";
    readonly realm: URL;
    readonly service: string | undefined;
  };

/** A way in, and the scope that its challenge names. */
export interface Offer {
  readonly way: Way;
  readonly scope: string | undefined;
}

/** Chooses among the challenges: by default a token rather than the password itself. */
export function chooseOffer(
  challenges: readonly Challenge[],
  options: AuthorizeOptions,
): Offer | undefined {
  const { schemes = ["bearer", "basic"] } = options;
  for (const scheme of schemes) {
    const offer = scheme === "bearer"
      ? bearerOf(challenges, options)
      : basicOf(challenges);
    if (offer !== undefined) return offer;
  }
  return undefined;
}

function basicOf(challenges: readonly Challenge[]): Offer | undefined {
  return challenges.some(({ scheme }) => scheme === "basic")
    ? { way: { scheme: "basic" }, scope: undefined }
    : undefined;
}

function bearerOf(
  challenges: readonly Challenge[],
  { origin, registry }: AuthorizeOptions,
): Offer | undefined {
  for (const { scheme, parameters } of challenges) {
    const text = parameters.get("realm");
    if (scheme !== "bearer" || text === undefined) continue;
    const realm = URL.parse(text, origin);
    if (realm === null || !/^https?:$/.test(realm.protocol)) {
      throw new ProtocolError(
        "CHALLENGE_INVALID",
        `Cannot authenticate at ${registry}: the challenge has a malformed realm`,
      );
    }
    realm.username = "";
    realm.password = "";
    realm.hash = "";
    const service = parameters.get("service");
    const way = { scheme: "bearer", realm, service } as const;
    return { way, scope: parameters.get("scope") };
  }
  return undefined;
}
