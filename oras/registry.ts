import type { Reference } from "../distribution/reference.ts";
import { attachArtifact } from "./_attach.ts";
import type { AttachOptions, AttachResult } from "./attach.ts";
import { pullArtifact } from "./_pull.ts";
import type { PullOptions, PullResult } from "./pull_options.ts";
import { pushArtifact } from "./_push.ts";
import type { PushOptions, PushResult } from "./push_options.ts";
import type { PushSteps } from "./push_steps.ts";
import { RegistrySteps } from "./registry_steps.ts";
import { requireTarget } from "./_require_target.ts";

/**
 * Pushes files and directories as artifacts, and pulls them: the provider that
 * tools subclass.
 *
 * Each step of a push and of a pull is a protected method, so that a subclass
 * changes one thing in a few lines; see {@linkcode RegistrySteps} for the steps and
 * their order.
 *
 * @example Push and pull
 * ```ts
 * import { Registry } from "@gantry/oci/oras";
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const server = createRegistry();
 * const registry = new Registry({
 *   hostname: "registry.example",
 *   transport: fromHandler((request) => server.fetch(request)),
 * });
 * const outdir = await Deno.makeTempDir();
 * await registry.push("team/notes:v1", {
 *   files: [{ title: "hello.txt", content: "hello", mediaType: "text/plain" }],
 *   artifactType: "application/vnd.example.notes",
 * });
 * const [path] = await registry.pull("team/notes:v1", { outdir });
 * assertEquals(await Deno.readTextFile(path!), "hello");
 * await Deno.remove(outdir, { recursive: true });
 * ```
 */
export class Registry extends RegistrySteps {
  /**
   * Pushes files, directories and other content as one artifact.
   *
   * Larger files are read twice, once to learn their digests; directories are packed into a
   * temporary file. What the repository has is not uploaded again. The manifest and its
   * tags appear after everything that they need.
   *
   * @throws {PathError} A file is missing, is named twice, has an absolute path, or changes meanwhile.
   * @throws {ArtifactError} `ANNOTATIONS_INVALID`: the annotations or the file that holds them are malformed.
   * @throws {TypeError} Options contradict each other.
   * @throws {RangeError} `concurrency` is no positive integer, or `sourceDateEpoch` no number of seconds.
   * @throws {InvalidReferenceError} The target or a tag is malformed.
   * @throws {LayerError} A directory holds what cannot be packed.
   * @throws {DigestMismatchError} The target names a digest, and the manifest has another.
   * @throws {RegistryError} The registry refused.
   */
  async push(
    target: string | Reference,
    options: PushOptions = {},
  ): Promise<PushResult> {
    const reference = this.getContainer(target);
    const store = this.repository(reference);
    const result = await pushArtifact(
      { reference, store },
      this.#settle(options),
      this.#pushSteps(options),
    );
    const { descriptor: { digest }, tags: [tag] } = result;
    return {
      ...result,
      reference: tag === undefined
        ? reference.withDigest(digest)
        : reference.withTag(tag),
    };
  }

  /**
   * Pushes an artifact that says something about a manifest, by the steps of a push.
   * It gets no tag, unless `tags` names some.
   *
   * @throws {TypeError} There is neither a file nor an annotation, or options contradict each other.
   * @throws {NotFoundError} There is no such manifest.
   * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: it has no manifest for the platform.
   * @throws {PathError} A file is missing, is named twice, has an absolute path, or changes meanwhile.
   * @throws {RegistryError} The registry refused.
   */
  async attach(
    target: string | Reference,
    options: AttachOptions,
  ): Promise<AttachResult> {
    const reference = this.getContainer(target);
    return await attachArtifact(
      {
        reference,
        store: this.repository(reference),
        subject: requireTarget(reference),
      },
      this.#settle(options),
      this.#pushSteps(options),
    );
  }

  #settle<T extends PushOptions | PullOptions>(
    options: T,
  ): T & { readonly concurrency: number } {
    const { concurrency = this.options.concurrency ?? 8 } = options;
    return { ...options, concurrency };
  }

  #pushSteps(options: PushOptions): PushSteps {
    return {
      parseFile: (file, context) => this.parseFile(file, context),
      nameLayer: (input, context) => this.nameLayer(input, context),
      layerMediaType: (input, kind, context) =>
        this.layerMediaType(input, kind, context),
      makeLayer: (plan, context) => this.makeLayer(plan, context),
      makeConfig: (context) => this.makeConfig(context),
      makeManifest: (parts, context) => this.makeManifest(parts, context),
      report: (event) => this.report(event, options),
    };
  }

  /**
   * Pulls an artifact's files, and gives their absolute paths.
   *
   * @throws {NotFoundError} There is no such artifact.
   * @throws {PathError} A title leads out of the output directory, or a path exists that must not be replaced.
   * @throws {ContentError} Content is not what its descriptor says.
   * @throws {LayerError} A packed directory is damaged, or an entry of it leads out.
   * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: it has no manifest for the platform; `ARTIFACT_UNSUPPORTED`: it is neither a manifest nor an index.
   * @throws {InvalidReferenceError} The target is malformed, or has neither tag nor digest.
   * @throws {RangeError} `concurrency` is no positive integer.
   */
  async pull(
    target: string | Reference,
    options: PullOptions = {},
  ): Promise<string[]> {
    const { files } = await this.pullArtifact(target, options);
    return files.map(({ path }) => path);
  }

  /**
   * Pulls an artifact's files, and tells all about it.
   *
   * Each file is written beside its place under a temporary name and gets its own when all
   * of it is there and verified. Where the pull fails, files that were complete stay.
   *
   * @throws {NotFoundError} There is no such artifact.
   * @throws {PathError} A title leads out of the output directory, or a path exists that must not be replaced.
   * @throws {ContentError} Content is not what its descriptor says.
   * @throws {LayerError} A packed directory is damaged, or an entry of it leads out.
   * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: it has no manifest for the platform; `ARTIFACT_UNSUPPORTED`: it is neither a manifest nor an index.
   * @throws {InvalidReferenceError} The target is malformed, or has neither tag nor digest.
   * @throws {RangeError} `concurrency` is no positive integer.
   */
  async pullArtifact(
    target: string | Reference,
    options: PullOptions = {},
  ): Promise<PullResult> {
    const reference = this.getContainer(target);
    const result = await pullArtifact(
      {
        reference,
        store: this.repository(reference),
        target: requireTarget(reference),
      },
      this.#settle(options),
      {
        selectLayers: (manifest, context) =>
          this.selectLayers(manifest, context),
        titleOf: (descriptor, context) => this.titleOf(descriptor, context),
        unpacks: (descriptor, context) => this.unpacks(descriptor, context),
        placeFile: (title, descriptor, context) =>
          this.placeFile(title, descriptor, context),
        onExisting: (path, descriptor, context) =>
          this.onExisting(path, descriptor, context),
        report: (event) => this.report(event, options),
      },
    );
    return { ...result, reference };
  }
}
