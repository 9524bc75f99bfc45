import { RequestError } from "./request_error.ts";

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

/**
 * Lets a request in, or throws 401 with a challenge. Follows RFC 7617, with
 * credentials in UTF-8.
 *
 * @throws {RequestError} 401 `UNAUTHORIZED`: there are no credentials, or wrong ones.
 */
export async function requireUser(
  headers: Headers,
  authenticate: Authenticate,
): Promise<ServerUser> {
  const credentials = parseBasic(headers.get("authorization"));
  const user = credentials &&
    await authenticate(credentials.username, credentials.password);
  if (user) return user;
  throw new RequestError(
    401,
    "UNAUTHORIZED",
    "Authentication is required",
    {
      headers: { "www-authenticate": 'Basic realm="gantry", charset="UTF-8"' },
    },
  );
}

function parseBasic(
  header: string | null,
): { username: string; password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? "")?.[1];
  if (encoded === undefined || encoded.length > 8192) return undefined;
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
