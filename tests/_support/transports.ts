import { fetchTransport } from "../../distribution/fetch_transport.ts";
import { denoTransport } from "../../distribution/node/deno_transport.ts";
import { nodeTransport } from "../../distribution/node/node_transport.ts";
import { makeTransport, type Transport } from "../../distribution/transport.ts";
import type { BaseTransportOptions } from "../../distribution/transport_options.ts";

export {
  pattern,
  request,
  type TestSource,
  testSource,
  type TestSourceOptions,
} from "./test_source.ts";

/** The bases that stream uploads of any size. */
export const STREAMING_BASES: readonly [
  name: string,
  make: (options?: BaseTransportOptions) => Transport,
][] = [
  ["nodeTransport()", nodeTransport],
  ["denoTransport()", denoTransport],
];

/** All bases on a network. */
export const NETWORK_BASES: readonly [name: string, make: () => Transport][] = [
  ...STREAMING_BASES,
  ["fetchTransport()", closableFetchTransport],
];

/** A fetch transport with its own connections, so that a test can end them. */
function closableFetchTransport(): Transport {
  const client = Deno.createHttpClient({ http2: false });
  const base = fetchTransport({ client });
  return makeTransport(base, {
    maxBodySize: base.maxBodySize,
    close: () => client.close(),
  });
}
