import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import type { Credential } from "../credential.ts";
import { invalidConfig } from "./_credential_file.ts";
import { isObject, type JsonObject } from "./_json_file.ts";

/** Reads an entry of `auths`; an empty one, which helpers leave behind, is undefined. */
export function decodeEntry(
  entry: unknown,
  path: string,
  key: string,
): Credential | undefined {
  if (!isObject(entry)) {
    throw invalidConfig(path, `auths[${JSON.stringify(key)}] is no object`);
  }
  const { registrytoken, identitytoken } = entry;
  if (isText(registrytoken)) return { registryToken: registrytoken };
  const user = isText(entry["auth"])
    ? decodeAuth(entry["auth"], path, key)
    : { username: entry["username"], password: entry["password"] };
  const username = isText(user.username) ? user.username : undefined;
  if (isText(identitytoken)) {
    return {
      identityToken: identitytoken,
      ...(username === undefined ? {} : { username }),
    };
  }
  if (username === undefined) return undefined;
  return { username, password: isText(user.password) ? user.password : "" };
}

function decodeAuth(
  auth: string,
  path: string,
  key: string,
): { username: string; password: string } {
  let text: string | undefined;
  try {
    text = new TextDecoder().decode(decodeBase64(auth));
  } catch {
    // Its message could quote the secret.
  }
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0) {
    const where = `auths[${JSON.stringify(key)}].auth`;
    throw invalidConfig(path, `${where} is not the base64 of user:password`);
  }
  return {
    username: text.slice(0, colon),
    // Old docker versions padded the text with NUL bytes.
    password: text.slice(colon + 1).replace(/^\0+|\0+$/g, ""),
  };
}

/** Makes the entry of `auths` that docker and oras would write. */
export function encodeEntry(
  credential: Credential,
  registry: string,
): JsonObject {
  if ("registryToken" in credential) {
    return { registrytoken: credential.registryToken };
  }
  if (credential.username?.includes(":")) {
    throw new TypeError(
      `Cannot store the credential of ${registry}: the user name contains a colon`,
    );
  }
  if ("password" in credential) {
    const { password, username } = credential;
    return { auth: encodeBase64(`${username}:${password}`) };
  }
  const { identityToken, username } = credential;
  return {
    ...(username ? { auth: encodeBase64(`${username}:`) } : {}),
    identitytoken: identityToken,
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
