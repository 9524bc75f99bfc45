import type { Credential } from "../../distribution/credential.ts";
import type { Invocation } from "./_command.ts";
import { CommandError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import { readStdin } from "./_stdin.ts";

/** No secret is longer, in characters: identity tokens have some thousands. */
const MAX_SECRET = 1024 * 1024;

/** Reads the credential that the flags give; undefined where they give none. */
export async function readCredential(
  invocation: Invocation,
): Promise<Credential | undefined> {
  const { flags } = invocation;
  const username = flags.text("username");
  const secret = await readSecret(invocation);
  if (flags.given("identity-token") || flags.given("identity-token-stdin")) {
    return secret === "" ? undefined : { identityToken: secret };
  }
  return toCredential(username, secret);
}

/** Without a user the secret is an identity token. */
export function toCredential(
  username: string,
  secret: string,
): Credential | undefined {
  if (username !== "") return { username, password: secret };
  return secret === "" ? undefined : { identityToken: secret };
}

/** Reads the secret that the flags give; "" where they give none. */
async function readSecret(invocation: Invocation): Promise<string> {
  const { console, flags } = invocation;
  refuseTogether(flags, "username", "identity-token", "identity-token-stdin");
  refuseTogether(
    flags,
    "identity-token",
    "identity-token-stdin",
    "password",
    "password-stdin",
  );
  for (const name of ["password", "identity-token"]) {
    if (flags.text(name) === "") continue;
    console.err(
      `WARNING! Using --${name} via the CLI is insecure. Use --${name}-stdin.`,
    );
    return flags.text(name);
  }
  const isOnStdin = ["password-stdin", "identity-token-stdin"].some((name) =>
    flags.knows(name) && flags.bool(name)
  );
  return isOnStdin ? await readStdinSecret(invocation.signal) : "";
}

/** Reads all of stdin; one line feed at its end, and a carriage return before that, are not part of the secret. */
export async function readStdinSecret(signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  while (text.length <= MAX_SECRET) {
    const count = await readStdin(buffer, signal);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  if (text.length > MAX_SECRET) {
    throw new CommandError("what is on stdin is too long for a secret");
  }
  text += decoder.decode();
  return text.replace(/\n$/, "").replace(/\r$/, "");
}
