import { Digest } from "../digest/digest.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { isIndex, parseManifest } from "../image/manifest_content.ts";
import { MediaTypes } from "../image/media_type.ts";
import { MAX_METADATA_SIZE, readBounded } from "./_body.ts";
import { discard } from "./_discard.ts";
import { failure } from "./_failure.ts";
import { pageParameter, readPages } from "./_pages.ts";
import { readReferrersIndex } from "./_referrers_index.ts";
import { scrubbedError } from "./_secrets.ts";
import { learn } from "./capabilities.ts";
import type { ReferrersOptions } from "./content_options.ts";
import { ProtocolError } from "./errors.ts";
import type { RegistryClient } from "./registry_client.ts";

/** How to list referrers in a repository. */
export interface ListReferrersOptions extends ReferrersOptions {
  /**
   * How many to ask for at once; most registries decide that themselves.
   *
   * @default {the registry's own number}
   */
  readonly pageSize?: number | undefined;
}

/**
 * How registries without the endpoint answer: besides 404, some with 400, 405, 406
 * or 501, and some with a 401 that offers no way to get in.
 */
const MISSING = [400, 401, 404, 405, 406, 501];

/** Those of them that say so for all repositories and digests. */
const NEVER: ReadonlySet<number> = new Set([404, 405, 406, 501]);

/**
 * The referrers of a repository's manifests: signatures, attestations and whatever
 * else names one of them as its `subject`. Follows distribution-spec §Listing Referrers.
 *
 * @example
 * ```ts
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { artifactManifest, encodeJson, imageIndex } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const { manifests, referrers } = new RegistryClient("registry.example", { transport })
 *   .repository("team/app");
 * const index = encodeJson(imageIndex([]));
 * const subject = await manifests.put("v1", index, {
 *   mediaType: "application/vnd.oci.image.index.v1+json",
 * });
 *
 * const artifactType = "application/vnd.example.note";
 * const note = encodeJson(artifactManifest({ artifactType, subject }));
 * const { digest } = await manifests.put("note", note, {
 *   mediaType: "application/vnd.oci.image.manifest.v1+json",
 * });
 * const found = await Array.fromAsync(referrers.list(subject, { artifactType }));
 * assertEquals(found.map((one) => one.digest), [digest]);
 * ```
 */
export class Referrers {
  readonly #client: RegistryClient;
  readonly #name: string;

  /** Made by `Repository`. */
  constructor(client: RegistryClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /**
   * Lists what refers to a manifest, each once, page by page as they are consumed.
   * The manifest itself need not exist.
   *
   * A registry that does not filter by type has it done here, and one that does
   * not list referrers at all is asked for the index under {@linkcode referrersTag};
   * that it does not is remembered in the client's `capabilities`.
   *
   * @throws {DigestError} The digest is malformed.
   * @throws {RangeError} `pageSize` is no positive integer.
   * @throws {RegistryError} The registry refuses.
   * @throws {ProtocolError} A page is larger than 4 MiB or no index, its link is no URL, or the pages do not end.
   * @throws {ValidationError} A page is no valid index.
   * @throws {JsonError} A page is no acceptable JSON.
   * @throws {SecurityError} `LINK_FOREIGN`: the next page is on another host.
   */
  async *list(
    subject: string | Pick<Descriptor, "digest">,
    options: ListReferrersOptions = {},
  ): AsyncGenerator<Descriptor> {
    const { artifactType } = options;
    const digest = String(
      Digest.parse(typeof subject === "string" ? subject : subject.digest),
    );
    const seen = new Set<string>();
    for await (const { entries, filtered } of this.#pages(digest, options)) {
      for (const entry of entries) {
        const fits = artifactType === undefined || filtered ||
          entry.artifactType === artifactType;
        if (!fits || seen.has(entry.digest)) continue;
        seen.add(entry.digest);
        yield entry;
      }
    }
  }

  async *#pages(
    subject: string,
    options: ListReferrersOptions,
  ): AsyncGenerator<Page> {
    const { artifactType, pageSize, signal } = options;
    const action = `Cannot list referrers of ${subject} in ${this.#name}`;
    const n = pageParameter(pageSize, action);
    const { capabilities } = this.#client;
    if (capabilities.referrers !== false) {
      let isFirst = true;
      const pages = readPages(this.#client, {
        path: `v2/${this.#name}/referrers/${subject}`,
        query: { artifactType, n },
        headers: { accept: MediaTypes.index },
        action,
        allow: MISSING,
        scopes: [`repository:${this.#name}:pull`],
        signal,
      });
      for await (const response of pages) {
        if (
          isFirst && await this.#isMissing(response, subject, action, signal)
        ) {
          break;
        }
        isFirst = false;
        learn(capabilities, "referrers", true);
        yield await readPage(response, action).catch((error) => {
          // Its words quote the page, which may quote the request.
          throw scrubbedError(this.#client, error);
        });
      }
      if (!isFirst) return;
    }
    const list = { repository: this.#name, subject };
    const found = await readReferrersIndex(this.#client, list, { signal });
    // What is no index says nothing of referrers (R73).
    if (found === "none" || found === "foreign") return;
    yield { entries: found.value.manifests, filtered: false };
  }

  /** Whether an answer says that the registry has no such endpoint; it is read then. */
  async #isMissing(
    response: Response,
    subject: string,
    action: string,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { status } = response;
    if (status === 200) {
      // Some answer unknown paths with a page for people.
      if (isIndexType(response)) return false;
      await discard(response);
      learn(this.#client.capabilities, "referrers", false);
      return true;
    }
    const error = await failure(response, {
      action,
      method: "GET",
      url: new URL(
        `v2/${this.#name}/referrers/${subject}`,
        this.#client.origin,
      ),
      signal,
    });
    // One who is not let in, and is told how to get in, must hear of it.
    if (status === 401 && response.headers.has("www-authenticate")) throw error;
    if (NEVER.has(status) && error.code !== "NAME_UNKNOWN") {
      learn(this.#client.capabilities, "referrers", false);
    }
    return true;
  }
}

interface Page {
  readonly entries: readonly Descriptor[];
  /** Whether the registry has left out what is of another type (R71). */
  readonly filtered: boolean;
}

async function readPage(response: Response, action: string): Promise<Page> {
  const bytes = await readBounded(response, MAX_METADATA_SIZE, action);
  const value = parseManifest(bytes, { mediaType: MediaTypes.index });
  if (!isIndex(value)) {
    throw new ProtocolError(
      "BODY_INVALID",
      `${action}: the answer is no index`,
    );
  }
  const applied = response.headers.get("oci-filters-applied") ?? "";
  return {
    entries: value.manifests,
    filtered: applied.split(",").some((name) =>
      name.trim().toLowerCase() === "artifacttype"
    ),
  };
}

function isIndexType(response: Response): boolean {
  const [type = ""] = (response.headers.get("content-type") ?? "").split(
    ";",
    1,
  );
  return type.trim().toLowerCase() === MediaTypes.index;
}
