import type { ProxyOptions } from "../proxy.ts";

/**
 * Reads the proxies that the environment names, as other tools do: `HTTP_PROXY`,
 * `HTTPS_PROXY`, `ALL_PROXY` for where these say nothing, and `NO_PROXY`; in lower case
 * too, which goes first.
 *
 * Where a program runs for a web server, whose clients can set `HTTP_PROXY` by a header
 * (there is a `REQUEST_METHOD` then), only `http_proxy` is read.
 *
 * @param read Gives a variable; by default the process's own. What may not be read counts as unset.
 *
 * @example
 * ```ts
 * import { proxyFromEnvironment } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * const variables = new Map([
 *   ["HTTPS_PROXY", "http://proxy.example:3128"],
 *   ["NO_PROXY", "corp.example,10.0.0.0/8"],
 * ]);
 * assertEquals(proxyFromEnvironment((name) => variables.get(name)), {
 *   https: "http://proxy.example:3128",
 *   bypass: ["corp.example", "10.0.0.0/8"],
 * });
 * ```
 */
export function proxyFromEnvironment(
  read: (name: string) => string | undefined = readVariable,
): ProxyOptions {
  const either = (name: string) => read(name.toLowerCase()) || read(name);
  const all = either("ALL_PROXY") || undefined;
  const fallback = all !== undefined && /^socks/i.test(all) ? undefined : all;
  const isServed = Boolean(read("REQUEST_METHOD"));
  const http = (isServed ? read("http_proxy") : either("HTTP_PROXY")) ||
    fallback;
  const https = either("HTTPS_PROXY") || fallback;
  const bypass = (either("NO_PROXY") ?? "").split(",")
    .map((entry) => entry.trim()).filter((entry) => entry !== "");
  return {
    ...(http && { http }),
    ...(https && { https }),
    ...(bypass.length > 0 && { bypass }),
  };
}

/** Never asks the user for leave to read. */
function readVariable(variable: string): string | undefined {
  if (!("Deno" in globalThis)) {
    const { process } = globalThis as unknown as {
      process?: { env: Record<string, string | undefined> };
    };
    return process?.env[variable];
  }
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
