import type { JsonObject } from "./_json_file.ts";

/** Which keys mean a registry, in the files of one family of programs. */
export interface AuthKeys {
  /** The key that a registry has in files that are written, and in helpers. */
  serverKey(registry: string): string;
  /** The keys of an object that mean a registry, or a repository of it; the best first. */
  keysOf(object: JsonObject, registry: string, repository?: string): string[];
}

/** The key under which docker keeps the credential of Docker Hub. */
const DOCKER_HUB_KEY = "https://index.docker.io/v1/";
const DOCKER_HUB_HOSTS: ReadonlySet<string> = new Set([
  "docker.io",
  "index.docker.io",
  "registry-1.docker.io",
]);

/** docker's rules: a key is a host, whatever scheme and path are around it. */
export const DOCKER_KEYS: AuthKeys = {
  serverKey: (registry) =>
    DOCKER_HUB_HOSTS.has(registry) ? DOCKER_HUB_KEY : registry,
  keysOf(object, registry) {
    const host = canonical(registry);
    return startingWith(
      [DOCKER_KEYS.serverKey(registry)],
      object,
      (key) => canonical(withoutPath(withoutScheme(key))) === host,
    );
  },
};

/**
 * The rules of podman, skopeo and buildah: a key may be a host with a path of
 * repositories, and serves those below it; behind a scheme only the host counts.
 */
export const PODMAN_KEYS: AuthKeys = {
  serverKey: canonical,
  keysOf(object, registry, repository) {
    const host = canonical(registry);
    return startingWith(
      [...placesOf(host, repository), registry],
      object,
      (key) => {
        const name = withoutScheme(key);
        return canonical(name === key ? key : withoutPath(name)) === host;
      },
    );
  },
};

/** podman's rules for keys, as GitLab has them too, and docker's for helpers. */
export const MIXED_KEYS: AuthKeys = {
  ...PODMAN_KEYS,
  serverKey: DOCKER_KEYS.serverKey,
};

/** A repository under its host, then the paths around it, then the host alone. */
function placesOf(host: string, repository: string | undefined): string[] {
  const parts = [host, ...(repository?.split("/") ?? [])];
  return parts.map((_, index) =>
    parts.slice(0, parts.length - index).join("/")
  );
}

/** The object's own keys: those that come first, then the others that match. */
function startingWith(
  first: readonly string[],
  object: JsonObject,
  matches: (key: string) => boolean,
): string[] {
  const found = new Set(first.filter((key) => Object.hasOwn(object, key)));
  for (const key of Object.keys(object)) if (matches(key)) found.add(key);
  return [...found];
}

function withoutScheme(key: string): string {
  return key.toLowerCase().replace(/^https?:\/\//, "");
}

function withoutPath(name: string): string {
  return name.replace(/\/.*$/s, "");
}

/** One name for the names of Docker Hub. */
function canonical(host: string): string {
  const name = host.toLowerCase();
  return DOCKER_HUB_HOSTS.has(name) ? "docker.io" : name;
}
