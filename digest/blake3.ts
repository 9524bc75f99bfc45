import type { AlgorithmDefinition } from "./algorithm.ts";
import { portableHasher } from "./_portable_hasher.ts";

/**
 * BLAKE3 with 256 bits, by the WebAssembly of `@std/crypto`, which is loaded when
 * the first digest is computed. It is not available until it has been handed to
 * {@linkcode registerAlgorithm}; few registries accept it.
 *
 * @example Push and pull by BLAKE3 digests
 * ```ts
 * import { createRegistry, fromHandler, RegistryClient, toSource } from "@gantry/oci";
 * import { BLAKE3, Digest, registerAlgorithm } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * registerAlgorithm(BLAKE3);
 * const server = createRegistry();
 * const { blobs } = new RegistryClient("registry.example", {
 *   transport: fromHandler((request) => server.fetch(request)),
 * }).repository("team/app");
 *
 * const digest = await Digest.fromString("hello", { algorithm: "blake3" });
 * const descriptor = { mediaType: "text/plain", digest: `${digest}`, size: 5 };
 * await blobs.push(descriptor, toSource("hello"));
 * const content = await blobs.get(descriptor);
 * assertEquals(await new Response(content).text(), "hello");
 * ```
 */
export const BLAKE3: AlgorithmDefinition = Object.freeze({
  name: "blake3",
  hexLength: 64,
  createHasher: () => portableHasher("BLAKE3"),
});
