import { encodeBase64 } from "@std/encoding/base64";
import type { PasswordCredential } from "../credential.ts";

/** The `Authorization` value for a user and a password, in UTF-8 (RFC 7617). */
export function basicAuthorization(credential: PasswordCredential): string {
  const { password, username } = credential;
  return `Basic ${encodeBase64(`${username}:${password}`)}`;
}
