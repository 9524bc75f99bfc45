import type { CredentialStore } from "../../distribution/credential.ts";
import type { DockerConfig } from "../../distribution/node/docker_config.ts";
import { readVariable } from "./_environment.ts";
import type { FlagValues } from "./_flag.ts";

/** Opens the credential files: those of `--registry-config`, else docker's. */
export async function openCredentialFiles(
  flags: FlagValues,
): Promise<DockerConfig> {
  const { DockerConfig } = await import(
    "../../distribution/node/docker_config.ts"
  );
  const files = flags.list("registry-config");
  return new DockerConfig(files.length > 0 ? files : await defaultFile());
}

/** The credential files as a store that opens them when a registry first asks who is there. */
export function lazyCredentialFiles(flags: FlagValues): CredentialStore {
  let files: Promise<DockerConfig> | undefined;
  return {
    async get(registry, options) {
      files ??= openCredentialFiles(flags);
      return await (await files).get(registry, options);
    },
  };
}

async function defaultFile(): Promise<string> {
  const { dockerConfigPath } = await import(
    "../../distribution/node/docker_config_path.ts"
  );
  const names = ["DOCKER_CONFIG", "HOME", "USERPROFILE"];
  return dockerConfigPath(
    Object.fromEntries(names.map((name) => [name, readVariable(name)])),
  );
}
