import * as http from "node:http";
import * as https from "node:https";
import * as tls from "node:tls";
import type { BaseTransportOptions } from "../transport_options.ts";
import { DirectAgent } from "./_direct_agent.ts";
import { LosslessAgent } from "./_lossless_agent.ts";
import { TunnelAgent } from "./_tunnel.ts";

const IS_DENO = "Deno" in globalThis;

const SecureAgent = IS_DENO ? DirectAgent : https.Agent;

/** The connections of one transport: kept alive, and shared by its requests. */
export class Agents {
  readonly #options: BaseTransportOptions;
  #plain: http.Agent | undefined;
  #secure: https.Agent | undefined;
  #reading: https.Agent | undefined;
  #toProxy: https.Agent | undefined;
  readonly #tunnels = new Map<string, https.Agent>();

  constructor(options: BaseTransportOptions) {
    this.#options = options;
  }

  /**
   * The agent for the scheme of a URL, for what is only read or also written, and for the
   * proxy on the way.
   */
  get(url: URL, reads: boolean, proxy?: URL): http.Agent {
    if (proxy !== undefined && url.protocol === "https:") {
      let tunnel = this.#tunnels.get(proxy.href);
      if (tunnel === undefined) {
        const options = secureOptions(this.#options);
        tunnel = new TunnelAgent(proxy, options, withoutClient(this.#options));
        this.#tunnels.set(proxy.href, tunnel);
      }
      return tunnel;
    }
    if (proxy?.protocol === "https:") {
      return this.#toProxy ??= new SecureAgent({
        keepAlive: true,
        ...withoutClient(this.#options),
      });
    }
    if (url.protocol !== "https:") {
      return this.#plain ??= new http.Agent({ keepAlive: true });
    }
    return reads && IS_DENO
      ? this.#reading ??= new LosslessAgent(secureOptions(this.#options))
      : this.#secure ??= new SecureAgent(secureOptions(this.#options));
  }

  /** Closes idle connections; those in use are closed when they become idle. */
  close(): void {
    const agents = [
      ...[this.#plain, this.#secure, this.#reading, this.#toProxy],
      ...this.#tunnels.values(),
    ];
    for (const agent of agents) {
      if (agent === undefined) continue;
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of [...sockets ?? []]) socket.destroy();
      }
    }
    this.#plain = undefined;
    this.#secure = undefined;
    this.#reading = undefined;
    this.#toProxy = undefined;
    this.#tunnels.clear();
  }
}

function secureOptions(options: BaseTransportOptions): https.AgentOptions {
  const { clientCert, clientKey, insecure = false } = options;
  const ca = insecure ? undefined : options.caCerts ?? systemCertificates();
  return {
    keepAlive: true,
    rejectUnauthorized: !insecure,
    // One context for all connections: a list of certificates given to the agent
    // itself is parsed for each of them, and becomes part of its look-up key.
    secureContext: tls.createSecureContext({
      ...(ca === undefined ? {} : { ca: [...ca] }),
      ...(clientCert === undefined ? {} : { cert: clientCert }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
    }),
  };
}

/** How TLS with a proxy is made: it is no registry, so it sees no client certificate. */
function withoutClient(options: BaseTransportOptions): https.AgentOptions {
  const { clientCert: _cert, clientKey: _key, ...rest } = options;
  const { rejectUnauthorized, secureContext } = secureOptions(rest);
  return { rejectUnauthorized, secureContext } as https.AgentOptions;
}

/**
 * The certificates that this machine trusts, as other registry tools use them, and
 * undefined where the runtime cannot tell or there are none: then its own list holds.
 */
export function systemCertificates(): string[] | undefined {
  const { getCACertificates } = tls as {
    getCACertificates?: (kind: "system" | "extra") => string[];
  };
  if (getCACertificates === undefined) return undefined;
  try {
    const system = getCACertificates("system");
    // "extra" is what the user added by NODE_EXTRA_CA_CERTS.
    return system.length === 0
      ? undefined
      : [...system, ...getCACertificates("extra")];
  } catch {
    return undefined;
  }
}
