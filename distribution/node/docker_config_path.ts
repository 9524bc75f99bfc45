import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DockerConfig } from "./docker_config.ts";

/**
 * The path of docker's `config.json` in an environment: in the directory that
 * `DOCKER_CONFIG` names, else in `~/.docker`.
 *
 * @param env The environment, such as `process.env`.
 *
 * @example
 * ```ts
 * import { dockerConfigPath } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   dockerConfigPath({ DOCKER_CONFIG: "/etc/docker" }),
 *   "/etc/docker/config.json",
 * );
 * ```
 */
export function dockerConfigPath(
  env: Readonly<Record<string, string | undefined>>,
): string {
  const home = env["HOME"] || env["USERPROFILE"] || homedir();
  return join(env["DOCKER_CONFIG"] || join(home, ".docker"), "config.json");
}

/**
 * The store of docker's credentials that the environment of this process points to.
 * It reads the environment when it is called.
 *
 * @example
 * ```ts
 * import { dockerConfigFromEnvironment } from "@gantry/oci/distribution/node";
 * import { assert } from "@std/assert";
 *
 * assert(dockerConfigFromEnvironment().files[0]?.endsWith("config.json"));
 * ```
 */
export function dockerConfigFromEnvironment(): DockerConfig {
  return new DockerConfig(dockerConfigPath(process.env));
}
