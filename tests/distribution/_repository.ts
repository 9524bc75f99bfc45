import { Digest } from "@gantry/oci/digest";
import type { Descriptor } from "@gantry/oci/image";
import {
  type ClientOptions,
  fromHandler,
  RegistryClient,
  type Repository,
  type Transport,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { bytesOf } from "../_support/bytes_of.ts";

/** Answers a request in the registry's place, or leaves it to the registry. */
export type Intercept = (
  request: Request,
) => Response | undefined | Promise<Response | undefined>;

/** A repository of a registry in memory. */
export interface TestRepository {
  /** The repository. */
  readonly repository: Repository;
  /** Every request so far and how it was answered, as `GET /v2/ 200`. */
  readonly log: string[];
}

/** A repository behind a handler that may answer some requests itself, and a log of the requests. */
export function repository(
  intercept: Intercept = () => undefined,
  options: ClientOptions = {},
): TestRepository {
  const registry = createRegistry();
  const log: string[] = [];
  const answer = async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const response = await intercept(request) ?? await registry.fetch(request);
    log.push(`${request.method} ${pathname}${search} ${response.status}`);
    return response;
  };
  const transport: Transport = (sent) =>
    fromHandler((request) => {
      const { body } = sent;
      const size = body instanceof Uint8Array ? body.byteLength : body?.size;
      bodySizes.set(request, size ?? 0);
      return answer(request);
    })(sent);
  return {
    repository: new RegistryClient("registry.example", {
      transport,
      retry: { baseDelay: 1 },
      ...options,
    }).repository("team/app"),
    log,
  };
}

const bodySizes = new WeakMap<Request, number>();

/** The length of what a request brings; a browser hides the header that tells it. */
export function bodySize(request: Request): number {
  return bodySizes.get(request)!;
}

/** The descriptor of a text. */
export async function describe(text: string): Promise<Descriptor> {
  return {
    mediaType: "text/plain",
    digest: String(await Digest.fromString(text)),
    size: new TextEncoder().encode(text).length,
  };
}

/** All of a stream, as text. */
export async function textOf(
  stream: Promise<ReadableStream<Uint8Array>>,
): Promise<string> {
  return new TextDecoder().decode(await bytesOf(await stream));
}
