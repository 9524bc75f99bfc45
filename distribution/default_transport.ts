import { fetchTransport } from "./fetch_transport.ts";
import {
  makeTransport,
  type Transport,
  type TransportRequest,
} from "./transport.ts";
import type { BaseTransportOptions } from "./transport_options.ts";

/**
 * The base transport that fits the runtime: `denoTransport` under Deno,
 * `nodeTransport` under Node and Bun, and {@linkcode fetchTransport} elsewhere.
 *
 * What is bound to a runtime is loaded with the first request.
 *
 * @throws {TypeError} Options are given, and this runtime cannot honour them.
 *
 * @example
 * ```ts
 * import { defaultTransport } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = defaultTransport({ insecure: true });
 * assertEquals(typeof transport, "function");
 * transport.close?.();
 * ```
 */
export function defaultTransport(
  options: BaseTransportOptions = {},
): Transport {
  const load = loader();
  if (load === undefined) {
    const given = Object.entries(options)
      .filter(([, value]) => value !== undefined).map(([name]) => name);
    if (given.length > 0) {
      throw new TypeError(
        `Cannot set ${
          given.join(", ")
        } of the transport: fetch does not offer it in this runtime`,
      );
    }
    return fetchTransport();
  }
  let base: Promise<Transport> | undefined;
  const send = async (request: TransportRequest) => {
    base ??= load(options);
    return await (await base)(request);
  };
  return makeTransport(send, {
    close: () => void base?.then((base) => base.close?.(), () => {}),
  });
}

type Loader = (options: BaseTransportOptions) => Promise<Transport>;

function loader(): Loader | undefined {
  if ("Deno" in globalThis) {
    return async (options) =>
      (await import("./node/deno_transport.ts")).denoTransport(options);
  }
  const { process } = globalThis as {
    process?: { versions?: { node?: string } };
  };
  // Bun names a version of Node too.
  if (process?.versions?.node !== undefined) {
    return async (options) =>
      (await import("./node/node_transport.ts")).nodeTransport(options);
  }
  return undefined;
}
