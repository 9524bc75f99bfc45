import {
  type ClientOptions,
  ConnectionError,
  fixedCredentials,
  fromHandler,
  RegistryClient,
} from "@gantry/oci/distribution";
import {
  createRegistry,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";
import { RequestCounter } from "./count_requests.ts";
import { LineFront } from "./quirk_registry_front.ts";
import { ANSWER_QUIRKS } from "./quirk_registry_answers.ts";
import { AUTH_QUIRKS, QUIRK_USER } from "./quirk_registry_auth.ts";
import { LIST_QUIRKS } from "./quirk_registry_lists.ts";
import { PLACE_QUIRKS } from "./quirk_registry_places.ts";
import { UPLOAD_QUIRKS } from "./quirk_registry_uploads.ts";
import {
  CutLine,
  type Handler,
  type Quirk,
  type QuirkWorld,
  type Role,
} from "./quirk_registry_world.ts";

/** Every quirk by its name. */
export const QUIRKS: Readonly<Record<string, Quirk>> = {
  ...PLACE_QUIRKS,
  ...UPLOAD_QUIRKS,
  ...AUTH_QUIRKS,
  ...ANSWER_QUIRKS,
  ...LIST_QUIRKS,
};

/** How a {@linkcode QuirkRegistry} is reached. */
export interface QuirkRegistryOptions {
  /**
   * Through a function call or through sockets.
   *
   * @default {"handler"}
   */
  readonly over?: "handler" | "http";
  /**
   * The name of the registry in references, where it is reached by calls.
   *
   * @default {"registry.example"}
   */
  readonly name?: string | undefined;
  /** How the registry below the quirks is made. */
  readonly server?: RegistryServerOptions;
}

/** A registry with quirks, and what it saw. */
export interface QuirkRegistry extends AsyncDisposable {
  /** The registry's `host[:port]`. */
  readonly host: string;
  /** Whether it is reached without TLS. */
  readonly plainHttp: boolean;
  /** Every request to the registry itself. */
  readonly counter: RequestCounter;
  /** What the client did that no client should. */
  readonly complaints: readonly string[];
  /** The options of a client that reaches it. */
  options(more?: ClientOptions): ClientOptions;
  /** A client that reaches it, with a credential, and waits for nothing. */
  client(more?: ClientOptions): RegistryClient;
}

const ROLES: readonly Role[] = ["registry", "storage", "auth"];

/** Opens a registry with these quirks, the first of which sees a request first. */
export function openQuirkRegistry(
  names: readonly string[],
  options: QuirkRegistryOptions = {},
): QuirkRegistry {
  const { name, over = "handler", server } = options;
  const complaints: string[] = [];
  const registry = createRegistry(server);
  const others = new Map<Role, Handler>();
  const origins = new Map<Role, string>();
  const world: QuirkWorld = {
    origin: (role) => origins.get(role)!,
    serve: (role, handler) => void others.set(role, handler),
    complain: (what) => void complaints.push(what),
  };
  let handler: Handler = (request) => registry.fetch(request);
  for (const one of names.toReversed()) {
    const quirk = QUIRKS[one];
    if (quirk === undefined) throw new Error(`There is no quirk ${one}`);
    handler = quirk.wrap(handler, world);
  }
  const counter = new RequestCounter(handler);
  const answer = async (role: Role, request: Request): Promise<Response> => {
    if (role === "registry") return await counter.fetch(request);
    const other = others.get(role);
    if (other !== undefined) return await other(request);
    world.complain(`${request.method} to the ${role} that is not there`);
    return new Response(null, { status: 404 });
  };
  const open = over === "http" ? overHttp(answer) : inProcess(answer, name);
  for (const [role, origin] of open.origins) origins.set(role, origin);
  const { host, plainHttp } = open;
  const own = (more: ClientOptions = {}): ClientOptions => ({
    transport: open.transport,
    plainHttp,
    credentials: fixedCredentials(QUIRK_USER),
    ...more,
    retry: {
      random: () => 0,
      sleep: (_ms, signal) =>
        signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve(),
      ...more.retry,
    },
  });
  return {
    host,
    plainHttp,
    counter,
    complaints,
    options: own,
    client: (more) => new RegistryClient(host, own(more)),
    async [Symbol.asyncDispose]() {
      await open.close();
      await registry.close();
    },
  };
}

interface Opened {
  readonly host: string;
  readonly plainHttp: boolean;
  readonly origins: ReadonlyMap<Role, string>;
  readonly transport: ClientOptions["transport"];
  readonly close: () => Promise<void>;
}

type Answer = (role: Role, request: Request) => Promise<Response>;

function inProcess(answer: Answer, host = "registry.example"): Opened {
  const { origin } = new RegistryClient(host);
  const origins = new Map<Role, string>([
    ["registry", origin.origin],
    ["storage", "https://storage.example"],
    ["auth", "https://auth.example"],
  ]);
  const transport = fromHandler(async (request) => {
    const asked = new URL(request.url).origin;
    const role = ROLES.find((role) => origins.get(role) === asked);
    if (role === undefined) throw new Error(`There is no host ${asked}`);
    try {
      return await answer(role, request);
    } catch (error) {
      if (!(error instanceof CutLine)) throw error;
      const { method, url } = request;
      throw new ConnectionError("CONNECTION_RESET", "the line was cut", {
        method,
        url,
      });
    }
  });
  return {
    host,
    plainHttp: false,
    origins,
    transport,
    close: () => Promise.resolve(),
  };
}

function overHttp(answer: Answer): Opened {
  const fronts = new Map(ROLES.map((role) => [
    role,
    new LineFront((request) => answer(role, request)),
  ]));
  return {
    host: fronts.get("registry")!.host,
    plainHttp: true,
    origins: new Map(
      [...fronts].map(([role, { host }]) => [role, `http://${host}`]),
    ),
    transport: undefined,
    async close() {
      for (const front of fronts.values()) await front.close();
    },
  };
}
