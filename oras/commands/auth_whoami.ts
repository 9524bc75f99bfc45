import type { CredentialStore } from "../../distribution/credential.ts";
import type {
  Credential,
  FoundCredential,
} from "../../distribution/credential.ts";
import { fixedCredentials } from "../../distribution/credentials.ts";
import { RegistryError } from "../../distribution/errors.ts";
import { parseRegistryName } from "../../distribution/reference.ts";
import { RegistryClient } from "../../distribution/registry_client.ts";
import type { Invocation } from "./_command.ts";
import { lazyCredentialFiles } from "./_credential_files.ts";
import { LoginError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { printable } from "./_printable.ts";
import { remoteOptions } from "./_remote.ts";
import { readCredential } from "./_secret.ts";

/** Tells as whom a registry is spoken to. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const registry = parseRegistryName(argument);
  let place: FoundCredential | undefined;
  const given = await readCredential(invocation);
  const store: CredentialStore = given === undefined
    ? lazyCredentialFiles(flags)
    : fixedCredentials(given);
  const credential = await store.get(registry, {
    signal,
    onFound: (found) => place = found,
  });
  if (credential === undefined) {
    throw new LoginError(`no credential is stored for ${registry}`, {
      hint: `Log in with "gantry login ${registry}"`,
    });
  }
  const { isAccepted, asks } = await tryCredential(
    invocation,
    registry,
    credential,
  );
  const { kind, username } = describe(credential);
  format.print(console, {
    registry,
    username: username ?? null,
    kind,
    file: place?.origin ?? null,
    helper: place?.helper ?? null,
    accepted: isAccepted,
    asks,
  });
  if (format.isText) {
    const lines = [
      ["Registry", registry],
      ["User", username ?? "not told"],
      ["Credential", kind],
      ["From", given === undefined ? placeText(place) : "the flags"],
      [
        "Accepted",
        isAccepted ? asks ? "yes" : "not asked for: everybody is let in" : "no",
      ],
    ] as const;
    for (const [label, value] of lines) {
      console.out(`${`${label}:`.padEnd(12)}${printable(value)}`);
    }
  }
  if (isAccepted) return;
  throw new LoginError(`${registry} does not accept the credential`, {
    hint: `Log in with "gantry login ${registry}"`,
  });
}

function placeText(place: FoundCredential | undefined): string {
  if (place === undefined) return "not known";
  return place.helper === undefined
    ? place.origin
    : `helper docker-credential-${place.helper}, named by ${place.origin}`;
}

function describe(
  credential: Credential,
): { kind: string; username: string | undefined } {
  if ("password" in credential) {
    return { kind: "password", username: credential.username };
  }
  return "identityToken" in credential
    ? { kind: "identity token", username: undefined }
    : { kind: "registry token", username: undefined };
}

/** Shows a credential to the registry, and tells whether it wanted to see it. */
async function tryCredential(
  invocation: Invocation,
  registry: string,
  credential: Credential,
): Promise<{ isAccepted: boolean; asks: boolean }> {
  const { signal } = invocation;
  let asks = false;
  const watched: CredentialStore = {
    get() {
      asks = true;
      return Promise.resolve(credential);
    },
  };
  const client = new RegistryClient(
    registry,
    await remoteOptions(invocation, registry, watched),
  );
  try {
    await client.ping({ signal });
    return { isAccepted: true, asks };
  } catch (error) {
    const isRefused = error instanceof RegistryError &&
      (error.status === 401 || error.status === 403);
    if (!isRefused) throw error;
    return { isAccepted: false, asks };
  }
}
