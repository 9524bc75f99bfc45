/** How the usage line shows the reference of an existing manifest. */
export const REFERENCE = "<name>{:<tag>|@<digest>}";

/** What help says of the cache. */
export const CACHE: readonly [name: string, meaning: string] = [
  "ORAS_CACHE",
  "folder of an image layout that keeps what is read; it grows, and is yours to delete",
];

/** What help says of the folder of credentials. */
export const DOCKER_CONFIG: readonly [name: string, meaning: string] = [
  "DOCKER_CONFIG",
  "folder of the credential file config.json; ~/.docker where not set",
];
