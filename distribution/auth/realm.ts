import { SecurityError } from "../errors.ts";
import { isPrivateHost } from "../private_address.ts";
import { redactUrl } from "../redact.ts";

/** Who asks to send a credential to a realm. */
export interface RealmOptions {
  /** The registry's `host[:port]` as it stands in references, for messages. */
  readonly registry: string;
  /** The registry's origin on the wire. */
  readonly origin: URL;
  /**
   * The hosts, `host[:port]`, that may see the credential beside the registry's own.
   *
   * @default {all that the other rules admit}
   */
  readonly allowedRealms?: readonly string[] | undefined;
}

/**
 * Checks that a credential may go to a token service, and tells whether that is
 * on another host than the registry.
 *
 * The credential goes over https only, and over http only when the registry itself is
 * plain http; and never to an address of this machine or of a private network,
 * unless the registry is on one itself. Requests without a credential need no check.
 *
 * @throws {SecurityError} `REALM_FORBIDDEN`: the realm may not see the credential.
 *
 * @example
 * ```ts
 * import { checkRealm, SecurityError } from "@gantry/oci/distribution";
 * import { assert, assertThrows } from "@std/assert";
 *
 * const options = {
 *   registry: "registry.example",
 *   origin: new URL("https://registry.example"),
 * };
 * assert(checkRealm(new URL("https://auth.example/token"), options));
 * assertThrows(
 *   () => checkRealm(new URL("http://auth.example/token"), options),
 *   SecurityError,
 * );
 * ```
 */
export function checkRealm(realm: URL, options: RealmOptions): boolean {
  const { allowedRealms, origin, registry } = options;
  const isPlain = realm.protocol === "http:" && origin.protocol === "http:";
  if (realm.protocol !== "https:" && !isPlain) {
    throw forbidden(realm, registry, "the token service is not on https");
  }
  if (isPrivateHost(realm.hostname) && !isPrivateHost(origin.hostname)) {
    const reason = "a public registry points to a private address";
    throw forbidden(realm, registry, reason);
  }
  if (realm.host === origin.host) return false;
  if (allowedRealms && !allowedRealms.some((host) => names(host, realm))) {
    throw forbidden(
      realm,
      registry,
      "its host is not among the allowed realms",
      `Allow ${realm.host} if it serves this registry`,
    );
  }
  return true;
}

/** Whether an allowed `host[:port]` is the realm's, default ports left out or not. */
function names(host: string, realm: URL): boolean {
  return URL.parse(`${realm.protocol}//${host}`)?.host === realm.host;
}

function forbidden(
  realm: URL,
  registry: string,
  reason: string,
  hint?: string,
): SecurityError {
  return new SecurityError(
    "REALM_FORBIDDEN",
    `Cannot send the credential of ${registry} to ${
      redactUrl(realm)
    }: ${reason}`,
    { hint },
  );
}
