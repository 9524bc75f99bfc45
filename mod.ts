/**
 * Moves content in and out of OCI registries, and is one where you need it.
 *
 * This module holds the public interface of all floors, each of which can also
 * be imported alone: `@gantry/oci/digest`, `@gantry/oci/image` and
 * `@gantry/oci/image/layer`, `@gantry/oci/distribution` and
 * `@gantry/oci/distribution/server`, and `@gantry/oci/oras`.
 *
 * ```ts
 * import { createRegistry, fromHandler, Registry } from "@gantry/oci";
 * import { assertEquals } from "@std/assert";
 *
 * const server = createRegistry();
 * const registry = new Registry({
 *   hostname: "registry.example",
 *   transport: fromHandler((request) => server.fetch(request)),
 * });
 * await registry.push("team/notes:v1", {
 *   files: [{ title: "hello.txt", content: "hello" }],
 * });
 * assertEquals(await registry.getTags("team/notes"), ["v1"]);
 * ```
 *
 * @module
 */
export * from "./digest/mod.ts";
export * from "./image/mod.ts";
export * from "./image/layer/mod.ts";
export * from "./distribution/mod.ts";
export * from "./distribution/server/mod.ts";
export * from "./oras/mod.ts";
