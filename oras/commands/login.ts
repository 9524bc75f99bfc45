import type { Credential } from "../../distribution/credential.ts";
import { fixedCredentials } from "../../distribution/credentials.ts";
import { parseRegistryName } from "../../distribution/reference.ts";
import { RegistryClient } from "../../distribution/registry_client.ts";
import type { Invocation } from "./_command.ts";
import { openCredentialFiles } from "./_credential_files.ts";
import { CommandError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { Prompt } from "./_prompt.ts";
import { remoteOptions } from "./_remote.ts";
import { readCredential, toCredential } from "./_secret.ts";

/** Tries a credential at a registry, and stores it. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [name = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const registry = parseRegistryName(name);
  const given = await readCredential(invocation);
  const credential = isComplete(given)
    ? given
    : await askCredential(invocation);
  const client = new RegistryClient(
    registry,
    await remoteOptions(
      invocation,
      registry,
      fixedCredentials(credential, { registry }),
    ),
  );
  await client.ping({ signal });
  const isDry = flags.bool("dry-run");
  if (isDry) {
    console.err(`Would keep the credential of ${registry}, which is right`);
  } else {
    const store = await openCredentialFiles(flags);
    await store.put(registry, credential, { signal });
  }
  format.print(console, {
    registry,
    username: "username" in credential ? credential.username : null,
  });
  if (format.isText && !isDry) console.out("Login Succeeded");
}

function isComplete(
  credential: Credential | undefined,
): credential is Credential {
  return credential !== undefined &&
    !("password" in credential && credential.password === "");
}

/** Asks for what the flags do not give. */
async function askCredential(invocation: Invocation): Promise<Credential> {
  const { console, flags, signal } = invocation;
  const prompt = new Prompt((text) => console.errRaw(text), signal);
  const username = flags.text("username") || await prompt.ask("Username: ");
  const kind = username === "" ? "Token" : "Password";
  const secret = await prompt.askSecret(`${kind}: `);
  if (secret === "") {
    throw new CommandError(`${kind.toLowerCase()} required`);
  }
  return toCredential(username, secret)!;
}
