import { failureMentions } from "../_connection_failure.ts";
import { ConnectionError } from "../errors.ts";
import type { TransportRequest } from "../transport.ts";
import type { BaseTransportOptions } from "../transport_options.ts";
import { findRule, isLocalhost } from "./_options.ts";

/** What says that this machine has no such address. */
const NO_ADDRESS = /\b(EADDRNOTAVAIL|EAFNOSUPPORT|EHOSTUNREACH|ENETUNREACH)\b/;

/**
 * Finds servers on this machine that listen on one of its loopback addresses only,
 * which need not be the one that the system knows for `localhost` (RFC 6761 §6.3).
 */
export class Localhosts {
  readonly #addresses = new Map<string, string>();

  /** Sends by the system's address, and where that is refused by the others: nothing was sent then. */
  async send(
    { url }: TransportRequest,
    { resolve }: BaseTransportOptions,
    send: (address?: string) => Promise<Response>,
  ): Promise<Response> {
    if (!isLocalhost(url) || findRule(url, resolve) !== undefined) {
      return await send();
    }
    const known = this.#addresses.get(url.host);
    let first: unknown;
    for (const address of new Set([known, undefined, "::1", "127.0.0.1"])) {
      try {
        const response = await send(address);
        if (address !== undefined) this.#addresses.set(url.host, address);
        return response;
      } catch (error) {
        const isRefused = error instanceof ConnectionError &&
          error.code === "CONNECTION_REFUSED";
        const isUnreachable = isRefused || failureMentions(error, NO_ADDRESS);
        if (!isUnreachable) throw error;
        first ??= error;
      }
    }
    this.#addresses.delete(url.host);
    throw first;
  }
}
