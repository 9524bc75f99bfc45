import type { Credential } from "../credential.ts";
import {
  type ErrorInfo,
  type RegistryError,
  registryError,
} from "../errors.ts";
import { parseRetryAfter } from "../retry_after.ts";
import type { TransportRequest } from "../transport.ts";
import { readBounded } from "../_body.ts";
import { basicAuthorization } from "./basic.ts";

const MAX_ERROR_BODY = 64 * 1024;
const MAX_MESSAGE = 300;

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
  let body: unknown;
  try {
    const bytes = await readBounded(response, MAX_ERROR_BODY, "error body");
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return [];
  }
  if (!isObject(body)) return [];
  const list = Array.isArray(body["errors"]) ? body["errors"] : [{
    code: body["error"],
    message: body["error_description"] ?? body["details"] ?? body["message"],
  }];
  const errors: ErrorInfo[] = [];
  for (const item of list) {
    if (!isObject(item)) continue;
    const code = safeText(item["code"], secrets);
    const message = safeText(item["message"], secrets);
    if (code === undefined && message === undefined) continue;
    errors.push({
      code: code ?? "UNKNOWN",
      ...(message === undefined ? {} : { message }),
    });
  }
  return errors;
}

function safeText(value: unknown, secrets: string[]): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  if (secrets.some((secret) => value.includes(secret))) return undefined;
  // deno-lint-ignore no-control-regex -- control characters could forge lines of a log
  return value.slice(0, MAX_MESSAGE).replace(/[\x00-\x1f\x7f]+/g, " ");
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
