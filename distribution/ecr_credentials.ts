import type { Credential, CredentialStore } from "./credential.ts";
import { CredentialError } from "./credential_error.ts";
import { SingleFlight } from "./_single_flight.ts";
import { askEcr, type EcrAnswer } from "./_ecr_request.ts";
import { type EcrPlace, ecrPlaceOf } from "./_ecr_place.ts";
import type { SignalOptions } from "./signal_options.ts";
import type { Transport } from "./transport.ts";

/** An AWS access key. */
export interface AwsCredentials {
  /** The key's public name. */
  readonly accessKeyId: string;
  /** The key itself. Requests are signed with it; it is never sent. */
  readonly secretAccessKey: string;
  /** The token that goes with a temporary key. */
  readonly sessionToken?: string | undefined;
}

/** Gives the access key to sign with; undefined where there is none. */
export type AwsCredentialProvider = (
  options?: SignalOptions,
) => Promise<AwsCredentials | undefined>;

/** How {@linkcode ecrCredentials} asks. */
export interface EcrCredentialsOptions {
  /**
   * Where to ask, in place of AWS' own address for the region.
   *
   * @default {the address that belongs to the registry's host}
   */
  readonly endpoint?: string | URL | undefined;
  /**
   * What sends the request.
   *
   * @default {defaultTransport()}
   */
  readonly transport?: Transport | undefined;
  /**
   * Gives the time in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  readonly clock?: (() => number) | undefined;
}

/** How long before its end a password is asked for anew. */
const MARGIN = 5 * 60_000;

/**
 * The credentials of Amazon's registries: an access key is exchanged for a password
 * that serves for some hours, by the signed request `GetAuthorizationToken`.
 *
 * It answers for `<account>.dkr.ecr.<region>.amazonaws.com` and its siblings, and for
 * `public.ecr.aws`; for other registries it has nothing, so that it fits into a
 * chain. A password is kept until shortly before its end, and those who need it at
 * the same time share one request.
 *
 * Its `get` throws a {@linkcode CredentialError}: `CREDENTIAL_MISSING` where
 * there is no access key for a private registry, `CREDENTIAL_SERVICE_FAILED` where AWS refuses or
 * answers nonsense.
 *
 * @param aws The access key, or what finds it when one is needed.
 *
 * @example
 * ```ts
 * import { ecrCredentials, fromHandler } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = ecrCredentials(
 *   { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example" },
 *   {
 *     transport: fromHandler(() =>
 *       Response.json({
 *         authorizationData: [{
 *           authorizationToken: btoa("AWS:pw"),
 *           expiresAt: Date.now() / 1000 + 43_200,
 *         }],
 *       })
 *     ),
 *   },
 * );
 * const registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
 * assertEquals(await store.get(registry), { username: "AWS", password: "pw" });
 * assertEquals(await store.get("ghcr.io"), undefined);
 * ```
 */
export function ecrCredentials(
  aws: AwsCredentials | AwsCredentialProvider,
  options: EcrCredentialsOptions = {},
): CredentialStore {
  const { clock = Date.now } = options;
  const provide: AwsCredentialProvider = typeof aws === "function"
    ? aws
    : () => Promise.resolve(aws);
  const known = new Map<string, EcrAnswer>();
  const flights = new SingleFlight<EcrAnswer | undefined>();

  async function ask(
    registry: string,
    place: EcrPlace,
    signal: AbortSignal,
  ): Promise<EcrAnswer | undefined> {
    const key = await provide({ signal });
    if (key === undefined) {
      if (place.isPublic) return undefined;
      throw new CredentialError(
        "CREDENTIAL_MISSING",
        `Cannot get a password for ${registry}: found no AWS access key`,
        {
          hint:
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        },
      );
    }
    return await askEcr(place, key, { ...options, clock, registry, signal });
  }

  async function get(
    registry: string,
    { signal }: SignalOptions = {},
  ): Promise<Credential | undefined> {
    const place = ecrPlaceOf(registry);
    if (place === undefined) return undefined;
    let answer = known.get(registry);
    if (answer === undefined || answer.expiresAt - MARGIN <= clock()) {
      answer = await flights.run(
        registry,
        (signal) => ask(registry, place, signal),
        signal,
      );
      if (answer === undefined) return undefined;
      known.set(registry, answer);
    }
    return answer.credential;
  }

  return { get };
}
