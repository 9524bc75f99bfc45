import { ConnectionError, type ConnectionErrorCode } from "../errors.ts";
import { proxyFor } from "../proxy.ts";
import type { TransportRequest } from "../transport.ts";
import type {
  BaseTransportOptions,
  ResolveRule,
} from "../transport_options.ts";

/** How long a connection may take to come about, in milliseconds, where nothing else is said. */
export const CONNECT_TIMEOUT = 30_000;

/** The error of a connection that did not come about in time. */
export function connectTimedOut(
  { method, url }: Pick<TransportRequest, "method" | "url">,
  timeout: number,
): ConnectionError {
  return new ConnectionError(
    "CONNECT_TIMEOUT",
    `no connection to ${url.host} came about within ${timeout / 1000} s`,
    { method, url },
  );
}

/**
 * @throws {TypeError} One of certificate and key is missing, or a proxy's URL is malformed.
 * @throws {RangeError} A timeout is not above 0.
 */
export function checkOptions(options: BaseTransportOptions): void {
  const { connectTimeout = CONNECT_TIMEOUT } = options;
  if (!(connectTimeout > 0)) {
    throw new RangeError(
      `Cannot connect: expected a connectTimeout above 0, found ${connectTimeout}`,
    );
  }
  for (const scheme of ["http", "https"]) {
    proxyFor(new URL(`${scheme}://registry.example`), options.proxy);
  }
  if (
    (options.clientCert === undefined) !== (options.clientKey === undefined)
  ) {
    throw new TypeError(
      "Cannot use a client certificate: clientCert and clientKey come together",
    );
  }
}

/** The host of a URL, without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** Whether a URL names this machine, whose name may stand for another of its addresses than the system says. */
export function isLocalhost({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost");
}

/** The port of a URL, the scheme's default included. */
export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === "https:" ? 443 : 80);
}

/** The last rule that fits a URL. */
export function findRule(
  url: URL,
  rules: readonly ResolveRule[] = [],
): ResolveRule | undefined {
  const host = hostOf(url);
  const port = portOf(url);
  return rules.findLast((rule) =>
    rule.host.toLowerCase() === host && rule.port === port
  );
}

/** The proxy on the way to a URL, and undefined where there is none. */
export function routeOf(
  url: URL,
  { proxy, resolve }: BaseTransportOptions,
): URL | undefined {
  return findRule(url, resolve) === undefined
    ? proxyFor(url, proxy)
    : undefined;
}

/** The error of a proxy that does not let a request through. */
export function proxyRefused(
  { method, url }: Pick<TransportRequest, "method" | "url">,
  proxy: URL,
  status: number,
): ConnectionError {
  return new ConnectionError(
    "PROXY_REFUSED",
    `the proxy ${proxy.host} answered ${status}`,
    { method, url },
  );
}

/** The same error, and of a proxy that cannot be reached one that names it, and not the registry behind. */
export function blameProxy(
  error: unknown,
  { method, url }: Pick<TransportRequest, "method" | "url">,
  proxy: URL | undefined,
): unknown {
  if (proxy === undefined || !(error instanceof ConnectionError)) return error;
  const reasons: Partial<Record<ConnectionErrorCode, string>> = {
    CONNECTION_REFUSED: `the proxy ${proxy.host} refused the connection`,
    HOST_UNKNOWN: `the host of the proxy ${proxy.host} is unknown`,
  };
  const reason = reasons[error.code];
  if (reason === undefined) return error;
  const { cause } = error;
  return new ConnectionError(error.code, reason, { method, url, cause });
}
