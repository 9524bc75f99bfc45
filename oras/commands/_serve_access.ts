import { acceptTokens } from "../../distribution/server/accept_tokens.ts";
import type { BearerTokens } from "../../distribution/server/bearer_tokens.ts";
import { htpasswd } from "../../distribution/server/htpasswd.ts";
import { issueTokens } from "../../distribution/server/issue_tokens.ts";
import {
  type Action,
  ACTIONS,
  type Permission,
  permissions,
} from "../../distribution/server/permissions.ts";
import type { RegistryServerOptions } from "../../distribution/server/registry_options.ts";
import { parseDuration } from "./_duration.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { refuseTogether, requireTogether } from "./_exclusive.ts";
import { readSecretFile, readTextFile } from "./_file.ts";
import type { FlagValues } from "./_flag.ts";

/** Reads the flags that say who may do what. */
export async function readAccess(
  flags: FlagValues,
): Promise<RegistryServerOptions> {
  const users = flags.text("htpasswd");
  const tokens = await readTokens(flags);
  const rules = flags.list("permit").map(readPermission);
  return {
    ...(users !== "" &&
      { authenticate: htpasswd(await readSecretFile(users)) }),
    ...(tokens && { tokens }),
    ...(flags.given("anonymous") && { anonymous: readActions(flags) }),
    ...(rules.length > 0 && { permit: permissions(rules) }),
  };
}

function readActions(flags: FlagValues): readonly Action[] {
  return flags.list("anonymous").map((name) => toAction(name, "anonymous"));
}

async function readTokens(
  flags: FlagValues,
): Promise<BearerTokens | undefined> {
  refuseTogether(flags, "tokens", "token-realm");
  requireTogether(flags, "token-realm", "token-issuer");
  requireTogether(flags, "token-realm", "token-public-key");
  const service = flags.text("token-service");
  if (flags.given("token-realm")) {
    const keys = await Promise.all(
      flags.list("token-public-key").map(readPublicKeys),
    );
    return acceptTokens({
      realm: flags.text("token-realm"),
      issuer: flags.text("token-issuer"),
      service,
      keys: keys.flat(),
    });
  }
  if (!flags.bool("tokens")) return undefined;
  if (!flags.given("htpasswd")) {
    throw new UsageError("--tokens needs the users of --htpasswd");
  }
  const file = flags.text("token-key");
  return issueTokens({
    service,
    lifetime: parseDuration(flags.text("token-lifetime"))! / 1000,
    ...(file !== "" && {
      key: new TextEncoder().encode((await readTextFile(file)).trim()),
    }),
  });
}

/** A file of public keys: PEM, a JSON Web Key, or a set of them. */
async function readPublicKeys(
  path: string,
): Promise<readonly (JsonWebKey | string)[]> {
  const text = await readTextFile(path);
  if (text.trimStart().startsWith("-----BEGIN")) {
    return text.match(/-----BEGIN [\s\S]+?-----END [A-Z ]+-----/g) ?? [];
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (typeof value !== "object" || value === null) {
    throw new CommandError(`${path} holds neither PEM nor JSON Web Keys`);
  }
  return "keys" in value && Array.isArray(value.keys) ? value.keys : [value];
}

/** Reads a rule, `USERS:REPOSITORIES:ACTIONS`. */
function readPermission(text: string): Permission {
  const [users, repositories, actions, ...more] = text.split(":");
  if (!users || !repositories || !actions || more.length > 0) {
    throw new UsageError(
      `invalid --permit ${
        JSON.stringify(text)
      }: expecting users:repositories:actions`,
    );
  }
  const all = actions === "*";
  return {
    who: users === "*"
      ? "users"
      : users === "anyone"
      ? "anyone"
      : users.split(","),
    repositories: repositories.split(","),
    actions: all
      ? ACTIONS
      : actions.split(",").map((name) => toAction(name, "permit")),
  };
}

function toAction(name: string, flag: string): Action {
  const action = ACTIONS.find((action) => action === name);
  if (action !== undefined) return action;
  throw new UsageError(
    `invalid action ${JSON.stringify(name)} for --${flag}: expecting ${
      ACTIONS.join(", ")
    }`,
  );
}
