import { decodeBase64 } from "@std/encoding/base64";
import { readBounded } from "./_body.ts";
import { discard } from "./_discard.ts";
import type { EcrPlace } from "./_ecr_place.ts";
import { readErrorBody, safeText } from "./_error_body.ts";
import type { PasswordCredential } from "./credential.ts";
import { CredentialError } from "./credential_error.ts";
import { defaultTransport } from "./default_transport.ts";
import type {
  AwsCredentials,
  EcrCredentialsOptions,
} from "./ecr_credentials.ts";
import { redactUrl } from "./redact.ts";
import { type Transport, wrapTransport } from "./transport.ts";

/** A password, and its end in milliseconds since the epoch. */
export interface EcrAnswer {
  readonly credential: PasswordCredential;
  readonly expiresAt: number;
}

/** For whom to ask, and how. */
export interface EcrQuestion extends EcrCredentialsOptions {
  readonly registry: string;
  readonly clock: () => number;
  readonly signal: AbortSignal;
}

const MAX_REPLY = 128 * 1024;

/** Asks AWS for the password of a registry. The signing library is loaded here, and nowhere before. */
export async function askEcr(
  place: EcrPlace,
  key: AwsCredentials,
  question: EcrQuestion,
): Promise<EcrAnswer> {
  const { clock, endpoint, registry, signal } = question;
  const url = new URL(endpoint ?? `https://${place.host}/`);
  const action = `Cannot get a password for ${registry} from ${redactUrl(url)}`;
  const { AwsV4Signer } = await import("aws4fetch");
  const text = "{}";
  const service = place.isPublic ? "ecr-public" : "ecr";
  const { accessKeyId, secretAccessKey, sessionToken } = key;
  const signed = await new AwsV4Signer({
    method: "POST",
    url: url.href,
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `${
        place.isPublic
          ? "SpencerFrontendService"
          : "AmazonEC2ContainerRegistry_V20150921"
      }.GetAuthorizationToken`,
    },
    body: text,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
    service,
    region: place.region,
    datetime: amazonTime(clock()),
  }).sign();
  const own = question.transport === undefined ? defaultTransport() : undefined;
  try {
    const response = await anonymous(question.transport ?? own!)({
      method: "POST",
      url,
      headers: signed.headers,
      body: new TextEncoder().encode(text),
      signal,
    });
    if (response.status !== 200) throw await refusal(response, action);
    return parse(await readBounded(response, MAX_REPLY, action), action);
  } finally {
    own?.close?.();
  }
}

/** No certificate that is meant for a registry is shown to AWS. */
function anonymous(transport: Transport): Transport {
  return wrapTransport(
    transport,
    (request) => transport({ ...request, anonymous: true }),
  );
}

/** The time as AWS writes it, such as `20300102T030405Z`. */
function amazonTime(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, "");
}

/** AWS names the error's kind behind a `#`, and may quote the key's name in its words. */
async function refusal(
  response: Response,
  action: string,
): Promise<CredentialError> {
  const body = await readErrorBody(response) as { __type?: unknown } | null;
  await discard(response);
  const kind = safeText(body?.__type)?.replace(/^.*#/, "");
  return failed(
    `${action}: it answered ${response.status}${kind ? ` ${kind}` : ""}`,
  );
}

function parse(bytes: Uint8Array, action: string): EcrAnswer {
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder().decode(bytes)).authorizationData;
  } catch {
    // The parser's own message quotes the answer.
    throw failed(`${action}: the answer is no JSON object`);
  }
  const entry = Array.isArray(data) ? data[0] : data;
  const { authorizationToken: token, expiresAt } = Object(entry);
  const pair = typeof token === "string" ? decode(token) : undefined;
  const [, username, password] = /^([^:]+):(.+)$/s.exec(pair ?? "") ?? [];
  if (username === undefined || password === undefined) {
    throw failed(`${action}: the answer holds no password`);
  }
  const end = Number(expiresAt) * 1000;
  return {
    credential: { username, password },
    // Without a time it is used once.
    expiresAt: Number.isFinite(end) ? end : 0,
  };
}

function decode(token: string): string | undefined {
  try {
    return new TextDecoder().decode(decodeBase64(token));
  } catch {
    return undefined;
  }
}

function failed(message: string): CredentialError {
  return new CredentialError("CREDENTIAL_SERVICE_FAILED", message);
}
