import { Digest } from "@gantry/oci/digest";
import type { Descriptor } from "@gantry/oci/image";
import {
  type ClientOptions,
  fromHandler,
  RegistryClient,
  type Repository,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";

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
  const transport = fromHandler(async (request) => {
    const { pathname, search } = new URL(request.url);
    const answer = await intercept(request) ?? await registry.fetch(request);
    log.push(`${request.method} ${pathname}${search} ${answer.status}`);
    return answer;
  });
  return {
    repository: new RegistryClient("registry.example", {
      transport,
      retry: { baseDelay: 1 },
      ...options,
    }).repository("team/app"),
    log,
  };
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
  return await new Response(await stream).text();
}
