import { redactUrl } from "../redact.ts";

/** Reads the address of a registry. */
export function parseAddress(address: string | URL): URL {
  const url = URL.parse(String(address));
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw refused(address, "expected an http or https URL");
  }
  if (url.username !== "" || url.password !== "") {
    throw refused(address, "a username and a password are options");
  }
  if (url.search !== "" || url.hash !== "") {
    throw refused(address, "it has a query or a fragment");
  }
  return url;
}

function refused(address: string | URL, reason: string): TypeError {
  return new TypeError(
    `Cannot make a client for ${redactUrl(address)}: ${reason}`,
  );
}
