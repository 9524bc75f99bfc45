import { matcher } from "./_pattern.ts";
import type { ServerUser } from "./basic_auth.ts";

/**
 * What can be done in a repository. `push` adds content and new tags, `update` moves
 * a tag that exists to other content.
 */
export type Action = "pull" | "push" | "update" | "delete";

/** All actions. */
export const ACTIONS: readonly Action[] = ["pull", "push", "update", "delete"];

/**
 * Tells what somebody may do in a repository. The user is undefined for those who
 * gave no credentials. It is asked for every request, so that what is taken away is
 * gone at once.
 */
export type Permit = (
  user: ServerUser | undefined,
  repository: string,
) => readonly Action[] | Promise<readonly Action[]>;

/** A rule of {@linkcode permissions}. */
export interface Permission {
  /**
   * Whom it is for: `"anyone"` with credentials or without, `"users"` with any right
   * credentials, or some users by their names.
   *
   * @default {"users"}
   */
  readonly who?: "anyone" | "users" | readonly string[];
  /**
   * The repositories, as patterns: `*` stands for any text within one part of a
   * name, `**` for any text.
   *
   * @default {["**"]}
   */
  readonly repositories?: readonly string[] | undefined;
  /** What may be done there. */
  readonly actions: readonly Action[];
}

/**
 * Makes a {@linkcode Permit} of rules. They add up; what no rule allows is refused.
 *
 * @example Everybody reads what is public, and only alice writes
 * ```ts
 * import { createRegistry, permissions } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createRegistry({
 *   authenticate: (name, password) => password === "secret" ? { name } : undefined,
 *   permit: permissions([
 *     { who: "anyone", repositories: ["public/**"], actions: ["pull"] },
 *     { who: ["alice"], actions: ["pull", "push", "update", "delete"] },
 *   ]),
 * });
 * const push = async (user: string) => {
 *   const headers = { authorization: `Basic ${btoa(`${user}:secret`)}` };
 *   const url = "http://localhost/v2/public/app/blobs/uploads/";
 *   return (await registry.fetch(new Request(url, { method: "POST", headers }))).status;
 * };
 * assertEquals(await push("alice"), 202);
 * assertEquals(await push("bob"), 403);
 * ```
 */
export function permissions(rules: readonly Permission[]): Permit {
  const prepared = rules.map(({ who = "users", repositories, actions }) => ({
    who,
    covers: matcher(repositories ?? ["**"]),
    actions,
  }));
  return (user, repository) =>
    prepared.flatMap(({ who, covers, actions }) =>
      isMeant(who, user) && covers(repository) ? actions : []
    );
}

function isMeant(
  who: NonNullable<Permission["who"]>,
  user: ServerUser | undefined,
): boolean {
  if (who === "anyone") return true;
  if (user === undefined) return false;
  return who === "users" || who.includes(user.name);
}
