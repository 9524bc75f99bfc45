/**
 * Brings token scopes to one form: those of one resource are merged, their
 * actions and the scopes themselves sorted, and repetitions dropped.
 *
 * `*` stands for all actions and swallows the others. Text that is no scope of
 * the form `type:name:actions` is kept as it is. Follows the token scope
 * grammar of the distribution project; a name may hold colons, as a host with a
 * port does.
 *
 * @param scopes Scopes, each of them alone or several parted by spaces.
 *
 * @example
 * ```ts
 * import { mergeScopes } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   mergeScopes(["repository:b:pull", "repository:a:push", "repository:a:pull"]),
 *   ["repository:a:pull,push", "repository:b:pull"],
 * );
 * ```
 */
export function mergeScopes(scopes: Iterable<string>): string[] {
  const actions = new Map<string, Set<string>>();
  const others = new Set<string>();
  for (const scope of splitScopes(scopes)) {
    const end = scope.lastIndexOf(":");
    if (end <= scope.indexOf(":")) {
      others.add(scope);
      continue;
    }
    const resource = scope.slice(0, end);
    const known = actions.get(resource) ?? new Set<string>();
    actions.set(resource, known);
    for (const action of scope.slice(end + 1).split(",")) {
      if (action !== "") known.add(action);
    }
  }
  const merged = [...others];
  for (const [resource, names] of actions) {
    if (names.size === 0) continue;
    const list = names.has("*") ? "*" : [...names].sort().join(",");
    merged.push(`${resource}:${list}`);
  }
  return merged.sort();
}

/**
 * Whether a token for the scopes `held` serves where `needed` are asked for.
 * Both are as {@linkcode mergeScopes} gives them.
 */
export function coversScopes(
  held: readonly string[],
  needed: readonly string[],
): boolean {
  return needed.length > 0 &&
    mergeScopes([...held, ...needed]).join(" ") === held.join(" ");
}

function* splitScopes(scopes: Iterable<string>): Generator<string> {
  for (const text of scopes) {
    for (const scope of text.split(/\s+/)) if (scope !== "") yield scope;
  }
}
