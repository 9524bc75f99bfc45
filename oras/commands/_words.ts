/** How the usage line shows the reference of an existing manifest. */
export const REFERENCE = "<name>{:<tag>|@<digest>}";

/** What the notes say of names without a registry. */
export const SHORT_NAMES: readonly string[] = [
  "A name without a registry host, such as alpine or me/app, is one of Docker Hub.",
];

/** What the notes say of files. */
export const STDIN = "A file of the name - is stdin.";

/** What help says of the cache. */
export const CACHE: readonly [name: string, meaning: string] = [
  "ORAS_CACHE",
  "folder of an image layout that keeps what is read; it grows, and is yours to delete",
];

/** What help says of the variables that all commands read which talk to a registry. */
export const NETWORK: readonly (readonly [name: string, meaning: string])[] = [
  [
    "REGISTRY_AUTH_FILE",
    "podman's credential file, looked at where docker's has nothing",
  ],
  [
    "HTTPS_PROXY",
    "proxy for registries with TLS; HTTP_PROXY for others, ALL_PROXY for both",
  ],
  ["NO_PROXY", "hosts, networks and domains that are reached directly"],
];

/** What help says of the folder of credentials. */
export const DOCKER_CONFIG: readonly [name: string, meaning: string] = [
  "DOCKER_CONFIG",
  "folder of the credential file config.json; ~/.docker where not set",
];
