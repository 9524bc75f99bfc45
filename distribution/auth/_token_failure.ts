import type { Credential } from "../credential.ts";
import {
  type ErrorInfo,
  type RegistryError,
  registryError,
} from "../errors.ts";
import { parseRetryAfter } from "../retry_after.ts";
import type { TransportRequest } from "../transport.ts";
import { readErrorBody, safeText } from "../_error_body.ts";
import { basicAuthorization } from "./basic.ts";

/** Makes the error of a token service's answer. What quotes the credential is left out. */
export async function tokenFailure(
  action: string,
  response: Response,
  request: TransportRequest,
  credential: Credential | undefined,
  now: number,
): Promise<RegistryError> {
  const secrets = credential === undefined ? [] : secretsOf(credential);
  const { headers, status } = response;
  const { method, url } = request;
  const errors = await readErrors(response, secrets);
  request.signal?.throwIfAborted();
  const retryAfter = parseRetryAfter(headers.get("retry-after"), now);
  return registryError(action, { status, method, url, errors, retryAfter });
}

/** Reads the registry form of errors, OAuth2's (RFC 6749 §5.2) and Docker Hub's. */
async function readErrors(
  response: Response,
  secrets: string[],
): Promise<ErrorInfo[]> {
  const body = await readErrorBody(response);
  if (!isObject(body)) return [];
  const list = Array.isArray(body["errors"]) ? body["errors"] : [{
    code: body["error"],
    message: body["error_description"] ?? body["details"] ?? body["message"],
  }];
  const errors: ErrorInfo[] = [];
  for (const item of list) {
    if (!isObject(item)) continue;
    const code = textWithout(secrets, item["code"]);
    const message = textWithout(secrets, item["message"]);
    if (code === undefined && message === undefined) continue;
    errors.push({
      code: code ?? "UNKNOWN",
      ...(message === undefined ? {} : { message }),
    });
  }
  return errors;
}

/** A text of the reply, unless it quotes a secret. */
function textWithout(
  secrets: readonly string[],
  value: unknown,
): string | undefined {
  const isLeak = typeof value === "string" &&
    secrets.some((secret) => value.includes(secret));
  return isLeak ? undefined : safeText(value);
}

/** The forms in which a credential may be quoted back. */
function secretsOf(credential: Credential): string[] {
  const secrets = [];
  if ("password" in credential) {
    secrets.push(credential.password);
    secrets.push(basicAuthorization(credential).slice("Basic ".length));
  } else if ("identityToken" in credential) {
    secrets.push(credential.identityToken);
  } else {
    secrets.push(credential.registryToken);
  }
  return [...secrets, ...secrets.map(encodeURIComponent)]
    .filter((secret) => secret !== "");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
