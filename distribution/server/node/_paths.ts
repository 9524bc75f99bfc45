import { createHash } from "node:crypto";
import { join } from "node:path";
import { Digest } from "../../../digest/digest.ts";
import { RequestError } from "../request_error.ts";

/** The names that files of a layout have, and a repository inside it can therefore not have. */
const RESERVED: ReadonlySet<string> = new Set([
  "blobs",
  "index.json",
  "oci-layout",
]);

/** The folder for what is not yet content. No repository can be called so, because of the `_`. */
const UPLOADS = "_uploads";

/** Whether a folder of this name can be a part of a repository's name. */
export function isReserved(component: string): boolean {
  return RESERVED.has(component);
}

/** Where things are below the root of a directory storage. */
export class Paths {
  readonly #root: string;

  /** `root` is the folder in which repositories are. */
  constructor(root: string) {
    this.#root = root;
  }

  /** The root itself. */
  get root(): string {
    return this.#root;
  }

  /**
   * The folder of a repository, which is an OCI image layout.
   *
   * @throws {RequestError} 400 `NAME_INVALID`: the folder would be inside another layout's own files.
   */
  repository(name: string): string {
    const components = name.split("/");
    if (components.some(isReserved)) {
      throw new RequestError(
        400,
        "NAME_INVALID",
        "No part of a repository name can be blobs, index.json or oci-layout here",
      );
    }
    return join(this.#root, ...components);
  }

  /** The layout's marker. */
  marker(repository: string): string {
    return join(this.repository(repository), "oci-layout");
  }

  /** The layout's list of manifests. */
  index(repository: string): string {
    return join(this.repository(repository), "index.json");
  }

  /** The file of a blob. The digest is checked once more, because a path is made of it. */
  blob(repository: string, digest: string): string {
    const { algorithm, encoded } = Digest.parse(digest);
    return join(this.repository(repository), "blobs", algorithm, encoded);
  }

  /** The folder for uploads. */
  get uploads(): string {
    return join(this.#root, UPLOADS);
  }

  /** The file of an upload, or undefined where the identifier is none. The name binds it to its repository. */
  upload(repository: string, upload: string): string | undefined {
    if (!/^[0-9a-f-]{36}$/.test(upload)) return undefined;
    const owner = createHash("sha256").update(repository).digest("hex");
    return join(this.uploads, `${upload}.${owner.slice(0, 32)}`);
  }

  /** A fresh name for a file that is being made. */
  temporary(): string {
    return join(this.uploads, `${crypto.randomUUID()}.tmp`);
  }
}
