import {
  createRegistry,
  issueTokens,
  type RegistryServer,
} from "@gantry/oci/distribution/server";

/** The one user. */
export const ME = { username: "me", password: "s3cret" };

/** A registry with tokens that are good for what was asked for, and for no more. */
export function tokenRegistry(): RegistryServer {
  return createRegistry({
    tokens: issueTokens(),
    authenticate: (username, password) =>
      username === ME.username && password === ME.password
        ? { name: username }
        : undefined,
  });
}
