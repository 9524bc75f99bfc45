import type { TagsOptions } from "./content_options.ts";
import { isDigestTag } from "./digest_tag.ts";
import { deleteByPlaceholder, refusesTags } from "./_delete_tag.ts";
import { listNames } from "./_pages.ts";
import type { Manifests } from "./manifests.ts";
import { isTag } from "./reference.ts";
import { InvalidReferenceError } from "./reference_error.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./signal_options.ts";

/** How to list the tags of a repository. */
export interface ListTagsOptions extends TagsOptions {
  /**
   * How many tags to ask for at once; the registry may give fewer.
   *
   * @default {the registry's own number}
   */
  readonly pageSize?: number | undefined;
  /**
   * Leave out tags that are made of a digest, see {@linkcode isDigestTag}.
   *
   * @default {false}
   */
  readonly excludeDigestTags?: boolean | undefined;
}

/** How to delete a tag. */
export interface DeleteTagOptions extends SignalOptions {
  /**
   * Where the registry does not delete tags, move the tag to a manifest made for the
   * purpose, and delete that.
   *
   * @default {true}
   */
  readonly placeholder?: boolean | undefined;
}

/**
 * The tags of a repository. Follows distribution-spec §Listing Tags and §Deleting Tags.
 *
 * @example
 * ```ts
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const { manifests, tags } = new RegistryClient("registry.example", { transport })
 *   .repository("team/app");
 * const index = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
 * for (const tag of ["v1", "v2"]) {
 *   await manifests.put(tag, index, { mediaType: "application/vnd.oci.image.index.v1+json" });
 * }
 * assertEquals(await Array.fromAsync(tags.list()), ["v1", "v2"]);
 * ```
 */
export class Tags {
  readonly #client: RegistryClient;
  readonly #name: string;
  readonly #manifests: Manifests;

  /** Made by `Repository`. */
  constructor(client: RegistryClient, name: string, manifests: Manifests) {
    this.#client = client;
    this.#name = name;
    this.#manifests = manifests;
  }

  /**
   * Lists the tags in the registry's order, page by page as they are consumed.
   *
   * @throws {NotFoundError} There is no such repository.
   * @throws {RegistryError} The registry refuses.
   * @throws {RangeError} `pageSize` is no positive integer.
   * @throws {ProtocolError} A page is no list, its link is no URL, or the pages do not end.
   * @throws {SecurityError} `LINK_FOREIGN`: the next page is on another host.
   */
  async *list(options: ListTagsOptions = {}): AsyncGenerator<string> {
    const { excludeDigestTags = false, ...rest } = options;
    const tags = listNames(this.#client, {
      ...rest,
      path: `v2/${this.#name}/tags/list`,
      member: "tags",
      action: `Cannot list tags of ${this.#name}`,
      scopes: [`repository:${this.#name}:pull`],
    });
    for await (const tag of tags) {
      if (!excludeDigestTags || !isDigestTag(tag)) yield tag;
    }
  }

  /**
   * Deletes a tag, and leaves its manifest and that manifest's other tags alone.
   *
   * Many registries delete manifests and no tags. There the tag is moved to a
   * placeholder, a manifest that nobody else has, and that is deleted: a few requests
   * more, in the course of which the tag can be seen to point at the placeholder. They
   * are not given up halfway, whatever the signal says. Before, the registry is asked
   * whether it deletes manifests; where it does not, nothing is changed.
   *
   * @throws {NotFoundError} There is no such tag.
   * @throws {UnsupportedError} The registry deletes neither tags nor manifests, or no tags and `placeholder` is false.
   * @throws {TagDeletionError} The deletion by a placeholder did not come to its end; the error says where the tag points.
   * @throws {RegistryError} The registry refuses.
   * @throws {InvalidReferenceError} The tag is malformed.
   */
  async delete(tag: string, options: DeleteTagOptions = {}): Promise<void> {
    if (!isTag(tag)) {
      throw new InvalidReferenceError(
        "REFERENCE_TAG_INVALID",
        tag,
        "it is not a tag",
      );
    }
    const { placeholder = true, ...rest } = options;
    try {
      await this.#manifests.delete(tag, rest);
    } catch (error) {
      if (!placeholder || !refusesTags(error)) throw error;
      const place = {
        client: this.#client,
        repository: this.#name,
        manifests: this.#manifests,
        tag,
      };
      await deleteByPlaceholder(place, error, rest);
    }
  }
}
