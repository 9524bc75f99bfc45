import { discard } from "./_discard.ts";
import { defaultTransport } from "./default_transport.ts";
import { ConnectionError, registryError } from "./errors.ts";
import { parseRegistryName } from "./reference.ts";
import type { SignalOptions } from "./signal_options.ts";
import { limitTime } from "./time_limit.ts";
import type { Transport } from "./transport.ts";
import type { BaseTransportOptions } from "./transport_options.ts";
import { USER_AGENT } from "./user_agent.ts";

/** What {@linkcode detectEndpoint} may settle for, and how it asks. */
export interface DetectEndpointOptions extends SignalOptions {
  /**
   * Settle for a certificate that cannot be verified. Dangerous.
   *
   * @default {false}
   */
  readonly allowInsecure?: boolean | undefined;
  /**
   * Settle for HTTP without TLS. Dangerous.
   *
   * @default {false, save for a registry on this machine: `localhost`, 127.0.0.0/8, `[::1]`}
   */
  readonly allowHttp?: boolean | undefined;
  /**
   * How long each question may take, in milliseconds.
   *
   * @default {30_000}
   */
  readonly timeout?: number | undefined;
  /**
   * Makes the transport that asks.
   *
   * @default {defaultTransport}
   */
  readonly makeTransport?:
    | ((options: BaseTransportOptions) => Transport)
    | undefined;
}

/** Where a registry answers, and how well the way there is protected. */
export interface Endpoint {
  /** Where its paths begin, such as `https://ghcr.io/`. */
  readonly origin: URL;
  /** `verified` TLS, TLS with a certificate that was `unverified`, or `none`. */
  readonly tls: "verified" | "unverified" | "none";
  /** What it says of its interface, as `registry/2.0`; undefined where it says nothing. */
  readonly apiVersion: string | undefined;
  /** Whether it lets nobody in without a credential. */
  readonly needsLogin: boolean;
}

/** The wire host of Docker Hub, whose name in references is another. */
const DOCKER_HUB_HOST = "registry-1.docker.io";
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Finds out how a registry is spoken to: over HTTPS; over HTTPS with a certificate
 * that cannot be verified, where that is allowed; or over HTTP, where that is
 * allowed or the registry is on this machine. No credential is sent by it.
 *
 * A registry is what answers 200 or 401 at `/v2/` (distribution-spec, end-1).
 *
 * @param registry The registry's `host[:port]`, `docker.io` for Docker Hub.
 * @throws {ConnectionError} It does not answer, or only in a way that is not allowed; `TLS_FAILED` where its certificate cannot be verified.
 * @throws {NotFoundError} What answers is no registry.
 * @throws {RegistryError} It answers with another status.
 * @throws {InvalidReferenceError} The name is malformed.
 *
 * @example
 * ```ts
 * import { detectEndpoint, fromHandler } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const { origin, tls } = await detectEndpoint("registry.example", {
 *   makeTransport: () => fromHandler(createRegistry().fetch),
 * });
 * assertEquals([origin.href, tls], ["https://registry.example/", "verified"]);
 * ```
 */
export async function detectEndpoint(
  registry: string,
  options: DetectEndpointOptions = {},
): Promise<Endpoint> {
  const name = parseRegistryName(registry);
  const host = name === "docker.io" ? DOCKER_HUB_HOST : name;
  const secure = new URL(`https://${host}/`);
  const { allowHttp = LOOPBACK.test(secure.hostname) } = options;
  const plain = new URL(`http://${host}/`);
  let failure: ConnectionError;
  try {
    return await ask(secure, "verified", options);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    failure = error;
  }
  if (failure.code === "TLS_FAILED") {
    // Asked only to tell a bad certificate from a server that speaks no TLS.
    const unverified = await attempt(secure, "unverified", options);
    if (unverified !== undefined) {
      if (options.allowInsecure) return unverified;
      throw failure;
    }
  }
  // Who does not answer at all does not do so over HTTP either.
  const isSilent = failure.code === "HOST_UNKNOWN" ||
    failure.code === "DEADLINE_EXCEEDED" || failure.code === "CONNECT_TIMEOUT";
  if (isSilent || !allowHttp) throw failure;
  try {
    return await ask(plain, "none", options);
  } catch (error) {
    // What is wrong with HTTPS is what counts where neither answers.
    throw error instanceof ConnectionError ? failure : error;
  }
}

/** As {@linkcode ask}, but undefined where there is no answer. */
async function attempt(
  origin: URL,
  tls: Endpoint["tls"],
  options: DetectEndpointOptions,
): Promise<Endpoint | undefined> {
  try {
    return await ask(origin, tls, options);
  } catch (error) {
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}

async function ask(
  origin: URL,
  tls: Endpoint["tls"],
  options: DetectEndpointOptions,
): Promise<Endpoint> {
  const { makeTransport = defaultTransport, signal, timeout = 30_000 } =
    options;
  const base = makeTransport(tls === "unverified" ? { insecure: true } : {});
  const url = new URL("v2/", origin);
  try {
    const response = await limitTime(base, { timeout })({
      method: "GET",
      url,
      headers: new Headers({ "user-agent": USER_AGENT }),
      signal,
    });
    await discard(response);
    const { headers, status } = response;
    if (status !== 200 && status !== 401) {
      throw registryError(`Cannot find a registry at ${origin}`, {
        method: "GET",
        status,
        url,
      });
    }
    return {
      origin,
      tls,
      apiVersion: headers.get("docker-distribution-api-version") ?? undefined,
      needsLogin: status === 401,
    };
  } finally {
    base.close?.();
  }
}
