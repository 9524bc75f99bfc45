/**
 * What is bound to a runtime on the way to a registry: the base transports on
 * Deno's and Node's own APIs.
 *
 * @module
 */

export { denoTransport } from "./deno_transport.ts";
export { nodeTransport } from "./node_transport.ts";
