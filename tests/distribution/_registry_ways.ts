import {
  createRegistry,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";

/** A registry under test, seen from outside. */
export interface Registry {
  /** Sends a request to a path. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a request whose answer's body does not matter. */
  head(path: string, init?: RequestInit): Promise<Response>;
}

/** How a registry under test is made, apart from where it keeps content. */
export type Options = Omit<RegistryServerOptions, "storage">;

/** A way to have a registry, by what a test's name says of it. */
export type Way = readonly [
  name: string,
  run: (options: Options, run: RegistryTest) => Promise<void>,
];

/** What is tested. */
export type RegistryTest = (registry: Registry) => Promise<void>;

/** Runs a test on a registry that is called as a function. */
export async function inProcess(
  options: RegistryServerOptions,
  run: RegistryTest,
): Promise<void> {
  const registry = createRegistry(options);
  try {
    await run(
      client((path, init) =>
        registry.fetch(new Request(new URL(path, "http://registry.test"), init))
      ),
    );
  } finally {
    await registry.close();
  }
}

/** Wraps what sends a request. */
export function client(send: Registry["call"]): Registry {
  // The standard wants to be told that a stream is sent before the answer comes.
  const call: Registry["call"] = (path, init) =>
    send(path, { ...init, ...{ duplex: "half" } });
  return {
    call,
    async head(path, init) {
      const response = await call(path, init);
      await response.body?.cancel();
      return response;
    },
  };
}
