import { scrubbed } from "./_secrets.ts";
import { ProtocolError, SecurityError } from "./errors.ts";
import { isPrivateHost } from "./private_address.ts";
import { redactUrl } from "./redact.ts";
import type { RegistryClient } from "./registry_client.ts";

/**
 * Where an upload goes on (traps of real registries: relative, on another host,
 * with signed parameters that must be kept).
 */
export function uploadLocation(
  client: RegistryClient,
  response: Response,
  action: string,
  fallback?: URL,
): URL {
  const text = response.headers.get("location");
  if (text === null) {
    if (fallback !== undefined) return fallback;
    throw new ProtocolError(
      "LOCATION_MISSING",
      `${action}: the registry gave no upload location`,
    );
  }
  const location = URL.parse(text, response.url || client.origin);
  if (location === null) {
    throw new ProtocolError(
      "LOCATION_INVALID",
      `${action}: the upload location is no URL`,
    );
  }
  return checkUploadLocation(client, location, action);
}

/**
 * Refuses locations that the registry has no business to name.
 *
 * @throws {SecurityError} The location gives up TLS, or is on a private address.
 */
export function checkUploadLocation(
  client: RegistryClient,
  location: URL,
  action: string,
): URL {
  if (location.origin === client.origin.origin) return location;
  const shown = scrubbed(client, redactUrl(location));
  if (client.origin.protocol === "https:" && location.protocol !== "https:") {
    throw new SecurityError(
      "LOCATION_DOWNGRADE",
      `${action}: the upload location ${shown} gives up TLS`,
      {
        hint:
          "A registry behind a TLS proxy needs to be told so, with X-Forwarded-Proto",
      },
    );
  }
  if (
    isPrivateHost(location.hostname) && !isPrivateHost(client.origin.hostname)
  ) {
    throw new SecurityError(
      "LOCATION_PRIVATE",
      `${action}: the upload location ${shown} is on a private address`,
    );
  }
  return location;
}

/** A location with the digest that closes the upload. */
export function withDigest(location: URL, digest: string): URL {
  const url = new URL(location);
  // Appended as text: setting it through searchParams would re-encode a signature.
  url.search += `${url.search === "" ? "?" : "&"}digest=${
    encodeURIComponent(digest)
  }`;
  return url;
}
