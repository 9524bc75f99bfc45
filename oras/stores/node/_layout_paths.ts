import { join } from "node:path";
import { Digest } from "../../../digest/digest.ts";

/** The layout is the only repository that its paths have. */
export const SELF = "";

/** Where things are in a layout that stands alone. It is asked as if it were one repository of many. */
export class LayoutPaths {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  repository(_name: string): string {
    return this.#root;
  }

  marker(_name: string): string {
    return join(this.#root, "oci-layout");
  }

  index(_name: string): string {
    return join(this.#root, "index.json");
  }

  /** The file of a blob. The digest is checked, because a path is made of it. */
  blob(_name: string, digest: string): string {
    const { algorithm, encoded } = Digest.parse(digest);
    return join(this.#root, "blobs", algorithm, encoded);
  }

  /** A fresh name for a file that is being made. */
  temporary(): string {
    return join(this.#root, `.gantry-${crypto.randomUUID()}.tmp`);
  }
}
