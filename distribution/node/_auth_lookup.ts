import type { Credential, GetCredentialOptions } from "../credential.ts";
import type { AuthKeys } from "./_auth_keys.ts";
import { decodeEntry } from "./_auth_entry.ts";
import { isHelperName } from "./_helper_name.ts";
import { invalidConfig } from "./_credential_file.ts";
import { isObject, type JsonObject } from "./_json_file.ts";
import type { CredentialHelper } from "./credential_helper.ts";

/** A document in the form of docker's `config.json`, and how to read it. */
export interface AuthDocument {
  /** What it holds. */
  readonly config: JsonObject;
  /** What it is called in errors: its path, or the name of a variable. */
  readonly origin: string;
  /** Which keys mean a registry. */
  readonly keys: AuthKeys;
  /** The environment of helpers. */
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
}

/** Looks a credential up: in the helpers that the document names, then in its `auths`. */
export async function findCredential(
  document: AuthDocument,
  registry: string,
  { onFound, repository, signal }: GetCredentialOptions,
): Promise<Credential | undefined> {
  const { config, env, keys, origin } = document;
  for (const name of helperNames(document, registry)) {
    const helper = await openHelper(name, env);
    const found = await helper.get(keys.serverKey(registry), { signal });
    if (found === undefined) continue;
    onFound?.({ origin, helper: name });
    return found;
  }
  const auths = member(config, "auths", origin);
  for (const key of keys.keysOf(auths, registry, repository)) {
    const found = decodeEntry(auths[key], origin, key);
    if (found === undefined) continue;
    onFound?.({ origin });
    return found;
  }
  return undefined;
}

/** The helpers to ask for a registry: its own, then the general one. */
export function helperNames(
  { config, keys, origin }: AuthDocument,
  registry: string,
): string[] {
  const helpers = member(config, "credHelpers", origin);
  const names = keys.keysOf(helpers, registry).map((key) => helpers[key]);
  const found = [names[0], config["credsStore"]].filter((name) =>
    typeof name === "string" && name !== ""
  ) as string[];
  for (const name of found) {
    if (isHelperName(name)) continue;
    const shown = JSON.stringify(name.slice(0, 80));
    const reason = `expected a credential helper's name, found ${shown}`;
    throw invalidConfig(origin, reason);
  }
  return found;
}

/** Opens a helper. It is loaded on demand, because most files name none. */
export async function openHelper(
  name: string,
  env: AuthDocument["env"],
): Promise<CredentialHelper> {
  const { CredentialHelper } = await import("./credential_helper.ts");
  return new CredentialHelper(name, { env });
}

/** A member that is an object; empty where it is absent. */
export function member(
  config: JsonObject,
  name: string,
  origin: string,
): JsonObject {
  const value = config[name] ?? {};
  if (!isObject(value)) throw invalidConfig(origin, `${name} is no object`);
  return value;
}
