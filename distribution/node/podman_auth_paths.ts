import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { PodmanAuth } from "./podman_auth.ts";

/**
 * The paths of podman's `auth.json` in an environment, in the order in which it looks:
 * the one file that `REGISTRY_AUTH_FILE` names; else
 * `containers/auth.json` in `XDG_RUNTIME_DIR` (on Linux) and in `XDG_CONFIG_HOME`,
 * whose defaults are `/run/containers/` with the user's number and `~/.config`. Follows containers-auth.json(5).
 *
 * @param env The environment, such as `process.env`.
 *
 * @example
 * ```ts
 * import { podmanAuthPaths } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   podmanAuthPaths({ REGISTRY_AUTH_FILE: "/etc/auth.json" }),
 *   ["/etc/auth.json"],
 * );
 * assertEquals(
 *   podmanAuthPaths({ HOME: "/home/me" }).at(-1),
 *   "/home/me/.config/containers/auth.json",
 * );
 * ```
 */
export function podmanAuthPaths(
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  if (env["REGISTRY_AUTH_FILE"]) return [env["REGISTRY_AUTH_FILE"]];
  const home = env["HOME"] || env["USERPROFILE"] || homedir();
  const folders = [
    runtimeFolder(env),
    env["XDG_CONFIG_HOME"] || join(home, ".config"),
  ];
  return folders.filter((folder) => folder !== undefined)
    .map((folder) => join(folder, "containers", "auth.json"));
}

/** Where a login lasts until the machine is shut down; Linux alone has such a folder. */
function runtimeFolder(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (process.platform !== "linux") return undefined;
  if (env["XDG_RUNTIME_DIR"]) return env["XDG_RUNTIME_DIR"];
  // A runtime may not say who runs it, and nobody is asked whether it may.
  const isOpen = !("Deno" in globalThis) ||
    Deno.permissions.querySync({ name: "sys", kind: "uid" }).state ===
      "granted";
  return isOpen ? `/run/containers/${process.getuid?.()}` : undefined;
}

/**
 * The store of podman's credentials that the environment of this process points to.
 * It reads the environment when it is called.
 *
 * @example
 * ```ts
 * import { podmanAuthFromEnvironment } from "@gantry/oci/distribution/node";
 * import { assert } from "@std/assert";
 *
 * assert(podmanAuthFromEnvironment().files.length > 0);
 * ```
 */
export function podmanAuthFromEnvironment(): PodmanAuth {
  return new PodmanAuth(podmanAuthPaths(process.env));
}
