/**
 * Requests as the specification writes them: a thin client for those who want to
 * see each request, in the manner of Reggie.
 *
 * A {@linkcode Client} makes a {@linkcode Request} of a method and a path with
 * placeholders, and gives a {@linkcode Response} for it, whatever its status.
 * `RegistryClient` of `@gantry/oci/distribution` is the client for everything else.
 *
 * ```ts
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { Client } from "@gantry/oci/distribution/reggie";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const client = new Client("https://registry.example", {
 *   defaultName: "team/app",
 *   transport: fromHandler(createRegistry().fetch),
 * });
 * const request = client.newRequest("GET", "/v2/<name>/tags/list");
 * assertEquals(request.url, "https://registry.example/v2/team/app/tags/list");
 * const response = await client.do(request);
 * assertEquals(response.status, 404);
 * ```
 *
 * @module
 */
export { Client } from "./client.ts";
export type {
  ClientConfig,
  ClientOptions,
  DebugHook,
} from "./client_options.ts";
export { type Method, METHODS } from "./method.ts";
export {
  Request,
  type RequestBody,
  type RequestOptions,
  type RetryCallback,
} from "./request.ts";
export { type ReadBodyOptions, Response } from "./response.ts";
