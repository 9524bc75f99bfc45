import { hash } from "bcryptjs";
import { htpasswd } from "../../distribution/server/htpasswd.ts";
import type { Invocation } from "./_command.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import { readSecretFile, replaceSecretFile } from "./_file.ts";
import { readFormat } from "./_format.ts";
import { Prompt } from "./_prompt.ts";
import { readStdinSecret } from "./_secret.ts";

/** bcrypt looks at no more bytes than this. */
const MAX_PASSWORD = 72;

/** Sets or removes the password of a user in a file. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [path = "", user = ""], console, flags } = invocation;
  const format = await readFormat(flags);
  refuseTogether(flags, "delete", "password-stdin");
  checkUser(user);
  const cost = flags.int("cost");
  if (!(cost >= 4 && cost <= 15)) {
    throw new UsageError("invalid --cost: expecting 4 to 15");
  }
  const lines = await readLines(path);
  const index = lines.findIndex((line) => line.startsWith(`${user}:`));
  if (flags.bool("delete")) {
    if (index < 0) throw new CommandError(`no user ${user} in ${path}`);
    lines.splice(index, 1);
  } else {
    const password = await readPassword(invocation);
    const line = `${user}:${await hash(password, cost)}`;
    lines.splice(index < 0 ? lines.length : index, index < 0 ? 0 : 1, line);
  }
  const text = lines.map((line) => `${line}\n`).join("");
  // What serve would not take is not written either.
  htpasswd(text);
  const isDry = flags.bool("dry-run");
  if (!isDry) await replaceSecretFile(path, text, invocation.signal);
  const change = flags.bool("delete")
    ? "removed"
    : index < 0
    ? "added"
    : "changed";
  format.print(console, { user, change });
  if (isDry) console.err(`Would have ${change} user ${user}`);
  else if (format.isText) console.out(`${WORDS[change]} user ${user}`);
}

const WORDS = {
  added: "Added",
  changed: "Changed password of",
  removed: "Removed",
} as const;

function checkUser(user: string): void {
  // deno-lint-ignore no-control-regex
  if (/^(?:[^#:\s\x00-\x1f\x7f][^:\x00-\x1f\x7f]{0,254})$/.test(user)) return;
  throw new UsageError(
    `invalid user ${JSON.stringify(user)}: expecting no colon, no control ` +
      "character, and no space or # at its start",
  );
}

async function readLines(path: string): Promise<string[]> {
  try {
    const text = (await readSecretFile(path)).replace(/\n$/, "");
    return text === "" ? [] : text.split("\n");
  } catch (error) {
    const { cause } = error as Error;
    if (cause instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function readPassword(invocation: Invocation): Promise<string> {
  const { console, flags, signal } = invocation;
  let password: string;
  if (flags.bool("password-stdin")) {
    password = await readStdinSecret(signal);
  } else {
    const prompt = new Prompt((text) => console.errRaw(text), signal);
    password = await prompt.askSecret("Password: ");
    if (await prompt.askSecret("Same again: ") !== password) {
      throw new CommandError("the passwords differ");
    }
  }
  if (password === "") throw new CommandError("password required");
  if (new TextEncoder().encode(password).length > MAX_PASSWORD) {
    throw new CommandError(`the password is longer than ${MAX_PASSWORD} bytes`);
  }
  return password;
}
