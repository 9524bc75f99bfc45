/** Through which proxies requests go. */
export interface ProxyOptions {
  /**
   * The proxy for `http:` URLs, such as `http://user:password@proxy.example:3128`.
   *
   * @default {none}
   */
  readonly http?: string | URL | undefined;
  /**
   * The proxy for `https:` URLs, which is asked to `CONNECT` and sees no more than the
   * host's name.
   *
   * @default {none}
   */
  readonly https?: string | URL | undefined;
  /**
   * Where requests go directly: hosts with all below them, `.example.com` for those below
   * alone, addresses, networks such as `10.0.0.0/8`, each perhaps with a `:port`, and `*`
   * for everywhere. This machine itself is always reached directly.
   *
   * @default {[]}
   */
  readonly bypass?: readonly string[] | undefined;
}

/**
 * The proxy that requests to a URL go through, and undefined where they go directly.
 *
 * @throws {TypeError} The proxy's URL is malformed, or is neither http nor https.
 *
 * @example
 * ```ts
 * import { proxyFor } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const options = { https: "proxy.example:3128", bypass: ["corp.example"] };
 * const proxy = proxyFor(new URL("https://ghcr.io/v2/"), options);
 * assertEquals(proxy?.href, "http://proxy.example:3128/");
 * assertEquals(
 *   proxyFor(new URL("https://registry.corp.example/v2/"), options),
 *   undefined,
 * );
 * ```
 */
export function proxyFor(
  url: URL,
  options: ProxyOptions = {},
): URL | undefined {
  const given = url.protocol === "https:" ? options.https : options.http;
  if (given === undefined || goesDirectly(url, options.bypass ?? [])) {
    return undefined;
  }
  const text = String(given);
  // What is wrong with it is told without its text, which may hold a password.
  const proxy = URL.parse(
    /^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`,
  );
  if (proxy === null || !/^https?:$/.test(proxy.protocol)) {
    throw new TypeError(
      "Cannot use the proxy: expected an http or https URL such as http://proxy.example:3128",
    );
  }
  return proxy;
}

function goesDirectly(url: URL, bypass: readonly string[]): boolean {
  const host = plainHost(url.hostname);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const isHere = host === "localhost" || host.endsWith(".localhost") ||
    host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
  return isHere || bypass.some((entry) => fits(entry.trim(), host, port));
}

function fits(entry: string, host: string, port: string): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  const network = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(entry);
  if (network !== null) {
    const address = ipv4(host);
    const base = ipv4(network[1]!);
    const bits = 32 - Number(network[2]);
    return address !== undefined && base !== undefined && bits >= 0 &&
      Math.floor(address / 2 ** bits) === Math.floor(base / 2 ** bits);
  }
  const [, name = "", wanted] = /^(\[[^\]]+\]|[^:]+|.*:.*:.*?)(?::(\d+))?$/
    .exec(entry) ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  const known = plainHost(name.toLowerCase()).replace(/^\*(?=\.)/, "");
  if (known === "") return false;
  return known.startsWith(".")
    ? host.endsWith(known)
    : host === known || host.endsWith(`.${known}`);
}

function plainHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function ipv4(text: string): number | undefined {
  const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  return octets?.slice(1).reduce((sum, part) => sum * 256 + Number(part), 0);
}
