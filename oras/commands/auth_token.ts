import { isRegistryName } from "./_registry_name.ts";
import { parseRegistryName } from "../../distribution/reference.ts";
import { requestToken } from "../../distribution/request_token.ts";
import type { Invocation } from "./_command.ts";
import { CommandError, UsageError } from "./_errors.ts";
import type { FlagValues } from "./_flag.ts";
import { readFormat } from "./_format.ts";
import { remoteOptions } from "./_remote.ts";
import { readReference } from "./_target.ts";

/** Prints the token that a request would show. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const { registry, scopes } = readAim(argument, flags);
  const token = await requestToken(registry, {
    ...await remoteOptions(invocation, registry),
    scopes,
    signal,
  });
  if (token === undefined) {
    throw new CommandError(`${registry} asks for no token`, {
      hint: "It lets everybody in, or wants user and password themselves",
    });
  }
  format.print(console, { registry, scopes, token });
  if (format.isText) console.out(token);
}

function readAim(
  argument: string,
  flags: FlagValues,
): { registry: string; scopes: readonly string[] } {
  const given = flags.list("scope");
  const actions = [
    "pull",
    ...["push", "delete"].filter((name) => flags.bool(name)),
  ];
  if (isRegistryName(argument)) {
    if (actions.length > 1) {
      throw new UsageError(
        `--${actions[1]} is about a repository, and ${
          JSON.stringify(argument)
        } names none`,
      );
    }
    return { registry: parseRegistryName(argument), scopes: given };
  }
  const { registry, repository } = readReference(argument);
  return {
    registry,
    scopes: [`repository:${repository}:${actions.join(",")}`, ...given],
  };
}
