import {
  type ClientOptions,
  fixedCredentials,
  fromHandler,
  RegistryClient,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { Registry } from "@gantry/oci/oras";

/** The secret that nobody but the registry may see. */
export const SECRET = "s3cret-pass";

/** A header that a user gave for the registry, and for nobody else. */
export const API_KEY = "k3y-of-the-user";

/** A request, as it went to some host. */
export interface Seen {
  /** The host. */
  readonly host: string;
  /** The method. */
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** Whether something in its headers or its URL is secret. */
  readonly hasSecret: boolean;
}

/** A network that ends in one function, with a registry at `registry.example`. */
export interface Network {
  /** Every request so far. */
  readonly seen: Seen[];
  /** The requests so far that went elsewhere than to the registry. */
  elsewhere(): Seen[];
  /** A client of the registry, with a credential and a header of the user's. */
  client(options?: ClientOptions): RegistryClient;
  /** A provider for it. */
  provider(): Registry;
}

/** Answers in the place of the registry, and of every other host. */
export type Villain = (
  request: Request,
  url: URL,
) => Response | undefined | Promise<Response | undefined>;

/** Makes a network in which somebody has evil answers to some requests. */
export function network(villain: Villain = () => undefined): Network {
  const registry = createRegistry();
  const seen: Seen[] = [];
  const transport = fromHandler(async (request) => {
    const url = new URL(request.url);
    const head = JSON.stringify([...request.headers]) + request.url;
    const shown = [SECRET, btoa(`me:${SECRET}`), API_KEY, "authorization"];
    seen.push({
      host: url.host,
      method: request.method,
      path: url.pathname + url.search,
      hasSecret: shown.some((text) => head.includes(text)),
    });
    const answer = await villain(request, url);
    if (answer !== undefined) {
      await request.body?.cancel().catch(() => {});
      return answer;
    }
    return url.host === "registry.example"
      ? await registry.fetch(request)
      : new Response(null, { status: 404 });
  });
  const options: ClientOptions = {
    transport,
    credentials: fixedCredentials({ username: "me", password: SECRET }),
    headers: { "x-api-key": API_KEY },
    retry: { random: () => 0, sleep: () => Promise.resolve() },
  };
  return {
    seen,
    elsewhere: () => seen.filter(({ host }) => host !== "registry.example"),
    client: (more) =>
      new RegistryClient("registry.example", { ...options, ...more }),
    provider: () => new Registry({ hostname: "registry.example", ...options }),
  };
}

/** A challenge of the registry's own, by name and password. */
export function wantsPassword(request: Request): Response | undefined {
  return request.headers.has("authorization") ? undefined : new Response(null, {
    status: 401,
    headers: { "www-authenticate": 'Basic realm="registry"' },
  });
}
