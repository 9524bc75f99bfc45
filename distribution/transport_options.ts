import type { ProxyOptions } from "./proxy.ts";

/** An address to use for a host and port in place of what DNS says. */
export interface ResolveRule {
  /** The host as it stands in URLs. */
  readonly host: string;
  /** The port as it stands in URLs, the scheme's default included. */
  readonly port: number;
  /** The address to connect to. */
  readonly address: string;
  /** The port to connect to, where it differs. */
  readonly targetPort?: number | undefined;
}

/** What a base transport can be told, as far as its runtime allows. */
export interface BaseTransportOptions {
  /**
   * Certificates of authorities, PEM, in place of the system's. Deno's `fetch`
   * cannot forget the authorities that it was built with: there they are added.
   */
  readonly caCerts?: readonly string[] | undefined;
  /**
   * The client's certificate, PEM. Comes with `clientKey`. It is shown to the
   * registry's own origin, and not where a redirect or a token realm leads.
   */
  readonly clientCert?: string | undefined;
  /** The client's private key, PEM. Comes with `clientCert`. */
  readonly clientKey?: string | undefined;
  /**
   * Accept any certificate. Dangerous: whoever sits on the line can read and change everything.
   *
   * @default {false}
   */
  readonly insecure?: boolean | undefined;
  /**
   * How long a connection may take to come about, TLS included, in milliseconds.
   * Deno's `fetch` does not tell when it has connected: there the address is probed
   * by another connection after half of that time, and TLS does not count.
   *
   * @default {30_000}
   */
  readonly connectTimeout?: number | undefined;
  /**
   * Through which proxies to go; what a resolve rule fits goes directly. Read the environment's
   * by `proxyFromEnvironment()`.
   *
   * Deno's `fetch` follows the environment by itself. There, where nothing is given,
   * all requests do so, as far as the program may read these variables.
   *
   * @default {none; under Deno the environment's}
   */
  readonly proxy?: ProxyOptions | undefined;
  /** Addresses that override DNS; the last that fits wins. */
  readonly resolve?: readonly ResolveRule[] | undefined;
}
