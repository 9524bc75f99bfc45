/** A registry as programs embed it: bundled, and run by other runtimes. */
import { createRegistry } from "@gantry/oci/distribution/server";

const registry = createRegistry();

/** What edge runtimes and `deno serve` look for. */
export default {
  fetch: (request: Request): Promise<Response> => registry.fetch(request),
};
