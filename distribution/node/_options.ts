import type {
  BaseTransportOptions,
  ResolveRule,
} from "../transport_options.ts";

/** @throws {TypeError} One of certificate and key is missing. */
export function checkOptions(options: BaseTransportOptions): void {
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
