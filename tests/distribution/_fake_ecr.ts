import type { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";

/** A request that the fake has let in. */
export interface EcrRequestSeen {
  readonly target: string | null;
  readonly region: string;
  readonly service: string;
  readonly sessionToken: string | null;
}

/** What the fake knows and says. */
export interface FakeEcrOptions {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What a signed request is answered; a password of its own where not given. */
  readonly answer?: (count: number) => Response | Promise<Response>;
}

/** AWS' token service on a loopback port. It checks each signature by its own arithmetic. */
export class FakeEcr implements AsyncDisposable {
  readonly requests: EcrRequestSeen[] = [];
  readonly endpoint: string;
  readonly #options: FakeEcrOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(options: FakeEcrOptions) {
    this.#options = options;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#handle(request),
    );
    this.endpoint = `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }

  async #handle(request: Request): Promise<Response> {
    const { headers } = request;
    const body = await request.text();
    const found =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/
        .exec(headers.get("authorization") ?? "");
    if (found === null) return refuse("MissingAuthenticationTokenException");
    const [, id, day, region, service, names, signature] =
      found as unknown as string[];
    const { accessKeyId, answer, secretAccessKey } = this.#options;
    if (id !== accessKeyId) return refuse("UnrecognizedClientException");
    const signed = names!.split(";");
    if (
      !["host", "x-amz-date", "x-amz-target"].every((name) =>
        signed.includes(name)
      )
    ) {
      return refuse("IncompleteSignatureException");
    }
    const canonical = [
      request.method,
      new URL(request.url).pathname,
      "",
      ...signed.map((name) => `${name}:${headers.get(name)}`),
      "",
      names,
      sha256(body),
    ].join("\n");
    const time = headers.get("x-amz-date")!;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join(
      "\n",
    );
    let key: string | Uint8Array = `AWS4${secretAccessKey}`;
    for (const part of scope.split("/")) key = hmac(key, part);
    const expected = hmac(key, text).toString("hex");
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
    return await answer?.(count) ?? Response.json({
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

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
