import {
  type AwsCredentials,
  fromHandler,
  type Transport,
} from "@gantry/oci/distribution";
import { encodeHex } from "@std/encoding/hex";

/** The key that the fake knows. */
export const KEY: AwsCredentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "s3cret+/key",
};
/** A private registry of Amazon's. */
export const PRIVATE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
/** What no error may show. */
export const SECRETS: readonly string[] = ["s3cret", btoa("AWS:s3cret-pw-1")];

/** A request that the fake has let in. */
export interface EcrRequestSeen {
  readonly target: string | null;
  readonly region: string;
  readonly service: string;
  readonly sessionToken: string | null;
}

/** What a signed request is answered; a password of its own where not given. */
export type EcrAnswer = (count: number) => Response | Promise<Response>;

/** AWS' token service. It checks each signature by its own arithmetic. */
export class FakeEcr {
  readonly requests: EcrRequestSeen[] = [];
  readonly endpoint = "https://ecr.example/";
  readonly transport: Transport = fromHandler(this.fetch.bind(this));
  readonly #answer: EcrAnswer | undefined;

  constructor(answer?: EcrAnswer) {
    this.#answer = answer;
  }

  /** Answers a request. */
  async fetch(request: Request): Promise<Response> {
    const { headers } = request;
    const body = await request.text();
    const found =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/
        .exec(headers.get("authorization") ?? "");
    if (found === null) return refuse("MissingAuthenticationTokenException");
    const [, id, day, region, service, names, signature] =
      found as unknown as string[];
    if (id !== KEY.accessKeyId) return refuse("UnrecognizedClientException");
    const signed = names!.split(";");
    if (
      !["host", "x-amz-date", "x-amz-target"].every((name) =>
        signed.includes(name)
      )
    ) {
      return refuse("IncompleteSignatureException");
    }
    const { host, pathname } = new URL(request.url);
    const seen = new Headers(headers);
    // A request that no wire has carried need not have this one.
    if (!seen.has("host")) seen.set("host", host);
    const canonical = [
      request.method,
      pathname,
      "",
      ...signed.map((name) => `${name}:${seen.get(name)}`),
      "",
      names,
      await sha256(body),
    ].join("\n");
    const time = seen.get("x-amz-date")!;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = ["AWS4-HMAC-SHA256", time, scope, await sha256(canonical)];
    let key = new TextEncoder().encode(`AWS4${KEY.secretAccessKey}`);
    for (const part of scope.split("/")) key = await hmac(key, part);
    const expected = encodeHex(await hmac(key, text.join("\n")));
    if (signature !== expected || !time.startsWith(day!)) {
      return refuse("InvalidSignatureException");
    }
    this.requests.push({
      target: headers.get("x-amz-target"),
      region: region!,
      service: service!,
      sessionToken: headers.get("x-amz-security-token"),
    });
    const count = this.requests.length;
    return await this.#answer?.(count) ?? Response.json({
      authorizationData: [{
        authorizationToken: btoa(`AWS:s3cret-pw-${count}`),
        expiresAt: Date.now() / 1000 + 43_200,
        proxyEndpoint: "https://registry",
      }],
    });
  }
}

function refuse(kind: string): Response {
  const __type = `com.amazon.coral.service#${kind}`;
  return Response.json({ __type, message: "s3cret words" }, { status: 400 });
}

async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return encodeHex(await crypto.subtle.digest("SHA-256", bytes));
}

async function hmac(
  key: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", key, algorithm, false, [
    "sign",
  ]);
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.sign("HMAC", secret, bytes));
}
