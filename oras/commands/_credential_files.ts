import type {
  Credential,
  CredentialStore,
} from "../../distribution/credential.ts";
import { CredentialError } from "../../distribution/credential_error.ts";
import { chainCredentials } from "../../distribution/credentials.ts";
import type { DockerConfig } from "../../distribution/node/docker_config.ts";
import { mayRead, needVariable, readVariable } from "./_environment.ts";
import type { FlagValues } from "./_flag.ts";

/** Opens the files that a login is kept in: those of `--registry-config`, else docker's. */
export async function openCredentialFiles(
  flags: FlagValues,
): Promise<DockerConfig> {
  const { DockerConfig } = await import(
    "../../distribution/node/docker_config.ts"
  );
  const files = flags.list("registry-config");
  return new DockerConfig(files.length > 0 ? files : await defaultFile());
}

/**
 * The credential files as a store that opens them when a registry first asks who is there.
 * Without `--registry-config` podman's are looked at where docker's have nothing.
 */
export function lazyCredentialFiles(flags: FlagValues): CredentialStore {
  let files: Promise<DockerConfig> | undefined;
  let podman: Promise<CredentialStore> | undefined;
  /** What docker's say of a registry, which is the same for all its repositories. */
  const known = new Map<string, Credential | undefined>();
  const isDefault = flags.list("registry-config").length === 0;
  return {
    byRepository: isDefault,
    async get(registry, options) {
      if (!known.has(registry)) {
        files ??= openCredentialFiles(flags);
        known.set(registry, await (await files).get(registry, options));
      }
      const found = known.get(registry);
      if (found !== undefined || !isDefault) return found;
      podman ??= openPodmanFiles();
      return await (await podman).get(registry, options);
    },
  };
}

async function defaultFile(): Promise<string> {
  const { dockerConfigPath } = await import(
    "../../distribution/node/docker_config_path.ts"
  );
  return dockerConfigPath({
    DOCKER_CONFIG: needVariable("DOCKER_CONFIG"),
    HOME: needVariable("HOME"),
    USERPROFILE: readVariable("USERPROFILE"),
  });
}

async function openPodmanFiles(): Promise<CredentialStore> {
  const [{ PodmanAuth }, { podmanAuthPaths }] = await Promise.all([
    import("../../distribution/node/podman_auth.ts"),
    import("../../distribution/node/podman_auth_paths.ts"),
  ]);
  const env = readVariables([
    "HOME",
    "REGISTRY_AUTH_FILE",
    "USERPROFILE",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
  ]);
  // Where nobody named the files, another user's may not be ours to read.
  const isNamed = env["REGISTRY_AUTH_FILE"] !== undefined;
  const stores = podmanAuthPaths(env)
    .filter((path) => isNamed || mayRead(path))
    .map((path) => new PodmanAuth(path));
  return chainCredentials(...(isNamed ? stores : stores.map(readable)));
}

/** A store that has nothing where its file cannot be read. */
function readable(store: CredentialStore): CredentialStore {
  return {
    async get(registry, options) {
      try {
        return await store.get(registry, options);
      } catch (error) {
        const isClosed = error instanceof Deno.errors.NotCapable ||
          error instanceof CredentialError &&
            error.code === "CREDENTIAL_CONFIG_UNREADABLE";
        if (isClosed) return undefined;
        throw error;
      }
    },
  };
}

function readVariables(
  names: readonly string[],
): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, readVariable(name)]));
}
