import { Blobs } from "./blobs.ts";
import { Manifests } from "./manifests.ts";
import { isRepositoryName } from "./reference.ts";
import { InvalidReferenceError } from "./reference_error.ts";
import { Referrers } from "./referrers.ts";
import type { RegistryClient } from "./registry_client.ts";
import { Tags } from "./tags.ts";

/**
 * A repository: the handle on its blobs, manifests, tags and referrers.
 *
 * Made by {@linkcode RegistryClient.repository}; nothing is sent by making it, and
 * the repository need not exist yet.
 *
 * @example
 * ```ts
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const client = new RegistryClient("registry.example", { transport });
 * const repository = client.repository("team/app");
 * assertEquals(String(repository), "registry.example/team/app");
 * ```
 */
export class Repository {
  /** The registry's client. */
  readonly client: RegistryClient;
  /** The repository's name, without the registry. */
  readonly name: string;
  /** The repository's blobs. */
  readonly blobs: Blobs;
  /** The repository's manifests. */
  readonly manifests: Manifests;
  /** The repository's tags. */
  readonly tags: Tags;
  /** What refers to the repository's manifests. */
  readonly referrers: Referrers;

  /** Made by {@linkcode RegistryClient.repository}. */
  constructor(client: RegistryClient, name: string) {
    if (!isRepositoryName(name)) {
      throw new InvalidReferenceError(
        "REFERENCE_INVALID_FORMAT",
        name,
        "it is not the name of a repository",
      );
    }
    this.client = client;
    this.name = name;
    this.blobs = new Blobs(client, name);
    this.manifests = new Manifests(client, name);
    this.tags = new Tags(client, name, this.manifests);
    this.referrers = new Referrers(client, name);
  }

  /** The registry's name. */
  get registry(): string {
    return this.client.registry;
  }

  /** `registry/name`. */
  toString(): string {
    return `${this.registry}/${this.name}`;
  }
}
