import { discard } from "./_discard.ts";
import { readErrors, safeText } from "./_error_body.ts";
import { scrubbed } from "./_secrets.ts";
import { parseChallenges } from "./auth/challenge.ts";
import { type RegistryError, registryError } from "./errors.ts";
import { parseRetryAfter } from "./retry_after.ts";

/** The request that failed, and what it was for. */
export interface FailedRequest {
  /** The beginning of the message, such as `Cannot push blob sha256:…`. */
  readonly action: string;
  /** The request's method. */
  readonly method: string;
  /** The request's URL. */
  readonly url: URL;
  /** The request's signal. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Gives the time in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  readonly clock?: (() => number) | undefined;
}

/**
 * Reads the error that an answer is; its body is read and gone afterwards.
 *
 * @throws The signal's reason, where the request is aborted meanwhile.
 */
export async function failure(
  response: Response,
  request: FailedRequest,
): Promise<RegistryError> {
  const { clock = Date.now } = request;
  const errors = await readErrors(response);
  await discard(response);
  request.signal?.throwIfAborted();
  return registryError(request.action, {
    status: response.status,
    method: request.method,
    url: request.url,
    errors,
    scope: scopeOf(response),
    retryAfter: parseRetryAfter(response.headers.get("retry-after"), clock()),
  });
}

/** The scope that a challenge names: what the token lacked that was shown. */
function scopeOf(response: Response): string | undefined {
  for (
    const { parameters } of parseChallenges(
      response.headers.get("www-authenticate"),
    )
  ) {
    const scope = parameters.get("scope");
    if (scope !== undefined) return safeText(scrubbed(response, scope));
  }
  return undefined;
}
