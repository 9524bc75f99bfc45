/** Who is let in. */
export interface ServerUser {
  /** The name, as it stands in events. */
  readonly name: string;
}

/**
 * Checks a name and a password: gives the user, or undefined where they are wrong.
 */
export type Authenticate = (
  username: string,
  password: string,
) => ServerUser | undefined | Promise<ServerUser | undefined>;

/** A name and a password, as a client gave them. */
export interface BasicCredentials {
  /** The name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/** The most characters of encoded credentials that are looked at. */
const MAX_LENGTH = 8192;

/** Reads an `Authorization` header of RFC 7617, in UTF-8; undefined where it is none. */
export function parseBasic(header: string): BasicCredentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  if (encoded === undefined || encoded.length > MAX_LENGTH) return undefined;
  let text: string;
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
