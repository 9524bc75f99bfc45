import { algorithmInfo } from "../../digest/algorithm.ts";
import { Digest, DIGEST_PATTERN } from "../../digest/digest.ts";
import { isFields } from "../../image/_checker.ts";
import { childPath } from "../../image/_json_path.ts";
import {
  IMAGE_BLOBS_DIRECTORY,
  IMAGE_INDEX_FILE,
  IMAGE_LAYOUT_FILE,
  validateLayoutIndex,
} from "../../image/image_layout.ts";
import { MAX_MANIFEST_SIZE, parseJson } from "../../image/parse_json.ts";
import type {
  ValidationIssue,
  ValidationLevel,
} from "../../image/validation.ts";
import { CommandError } from "./_errors.ts";
import { hashLocal, readLocal } from "./_local_file.ts";
import {
  isForeignLayer,
  typeOfContent,
  validateDocument,
  type Verdict,
} from "./_validate_document.ts";

/** A descriptor, and where it stands. */
interface Pointer {
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether its content may be elsewhere. */
  readonly optional: boolean;
}

/**
 * Validates an image layout as a whole: its marker, its index, and below it every
 * document and every blob. Paths are `file:path`, as `index.json:$.manifests[0]`.
 */
export async function validateLayout(
  directory: string,
  level: ValidationLevel,
  signal: AbortSignal,
): Promise<Verdict> {
  const walk = new LayoutWalk(directory, level, signal);
  await walk.run();
  const { issues } = walk;
  return { valid: issues.length === 0, type: "layout", issues };
}

class LayoutWalk {
  readonly issues: ValidationIssue[] = [];
  readonly #directory: string;
  readonly #level: ValidationLevel;
  readonly #signal: AbortSignal;
  readonly #pending: Pointer[] = [];
  /** The size of each blob that was looked at, or undefined where there is no such file. */
  readonly #sizes = new Map<string, number | undefined>();
  /** The documents that were read, by digest and kind. */
  readonly #read = new Set<string>();

  constructor(directory: string, level: ValidationLevel, signal: AbortSignal) {
    this.#directory = directory;
    this.#level = level;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    await this.#marker();
    await this.#kindOf(IMAGE_BLOBS_DIRECTORY, "isDirectory", "a directory");
    await this.#index();
    for (let next = this.#pending.shift(); next; next = this.#pending.shift()) {
      this.#signal.throwIfAborted();
      await this.#follow(next);
    }
  }

  async #marker(): Promise<void> {
    const bytes = await this.#file(IMAGE_LAYOUT_FILE);
    if (bytes === undefined) return;
    const { issues } = await validateDocument(bytes, "layout", this.#level);
    this.#addAll(IMAGE_LAYOUT_FILE, issues);
  }

  async #index(): Promise<void> {
    const bytes = await this.#file(IMAGE_INDEX_FILE);
    if (bytes === undefined) return;
    const { issues } = await validateDocument(bytes, "index", this.#level);
    this.#addAll(IMAGE_INDEX_FILE, issues);
    const value = parseOrNothing(bytes);
    if (value === undefined) return;
    const known = new Set(issues.map(({ path }) => path));
    this.#addAll(
      IMAGE_INDEX_FILE,
      validateLayoutIndex(value, { level: this.#level })
        .filter(({ path }) => !known.has(path)),
    );
    this.#collect(IMAGE_INDEX_FILE, value);
  }

  /** Checks what a descriptor points at, and reads it where it points further. */
  async #follow({ fields, optional, path }: Pointer): Promise<void> {
    const { digest: text, mediaType, size } = fields;
    // What is no digest is reported by its document, and never becomes a path.
    if (typeof text !== "string" || !DIGEST.test(text)) return;
    const [algorithm, encoded] = text.split(":") as [string, string];
    if (algorithmInfo(algorithm) !== undefined && !isDigest(text)) return;
    const file = `${IMAGE_BLOBS_DIRECTORY}/${algorithm}/${encoded}`;
    if (!this.#sizes.has(text)) {
      this.#sizes.set(text, await this.#blob(file, text, path, optional));
    } else if (this.#sizes.get(text) === undefined && !optional) {
      this.#add(path, `the blob ${file}`, "nothing that can be read");
    }
    const actual = this.#sizes.get(text);
    if (actual === undefined) return;
    if (typeof size === "number" && size !== actual) {
      this.#add(`${path}.size`, `the blob's size ${actual}`, String(size));
    }
    const type = typeOfContent(mediaType);
    if (type === undefined || this.#read.has(`${type} ${text}`)) return;
    this.#read.add(`${type} ${text}`);
    const bytes = await this.#file(file);
    if (bytes === undefined) return;
    const { issues } = await validateDocument(bytes, type, this.#level);
    this.#addAll(file, issues);
    const value = parseOrNothing(bytes);
    if (!isFields(value)) return;
    const own = value["mediaType"];
    if (type !== "config" && own !== undefined && own !== mediaType) {
      this.#add(`${file}:$.mediaType`, String(mediaType), JSON.stringify(own));
    }
    if (type !== "config") this.#collect(file, value);
  }

  /** Takes up the descriptors of a document. */
  #collect(file: string, value: unknown): void {
    if (!isFields(value)) return;
    const add = (item: unknown, path: string, optional: boolean) => {
      if (!isFields(item)) return;
      this.#pending.push({ path: `${file}:${path}`, fields: item, optional });
    };
    add(value["config"], "$.config", false);
    for (const key of ["layers", "manifests"]) {
      const list = value[key];
      if (!Array.isArray(list)) continue;
      list.forEach((item, index) => {
        const place = childPath(childPath("$", key), index);
        add(item, place, isForeignLayer(item));
      });
    }
    // What a document says something about may be elsewhere (image-spec manifest.md).
    add(value["subject"], "$.subject", true);
  }

  /** Checks a blob; gives its size, or undefined where it cannot be used. */
  async #blob(
    file: string,
    digest: string,
    path: string,
    optional: boolean,
  ): Promise<number | undefined> {
    const folder = file.slice(0, file.lastIndexOf("/"));
    for (const place of [IMAGE_BLOBS_DIRECTORY, folder, file]) {
      const found = await this.#stat(place);
      if (found === undefined) {
        if (!optional) this.#add(path, `the blob ${file}`, "nothing");
        return undefined;
      }
      // A link could lead out of the layout.
      if (place === file ? !found.isFile : !found.isDirectory) {
        const expected = place === file ? "a file" : "a directory";
        this.#add(place, expected, kindOf(found));
        return undefined;
      }
    }
    const algorithm = digest.slice(0, digest.indexOf(":"));
    if (algorithmInfo(algorithm) === undefined) {
      return (await this.#stat(file))?.size;
    }
    const hashed = await hashLocal(this.#path(file), algorithm, this.#signal);
    if (String(hashed.digest) !== digest) {
      this.#add(file, digest, String(hashed.digest));
    }
    return hashed.size;
  }

  /** The content of a small file, or undefined after noting that it is none. */
  async #file(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!await this.#kindOf(file, "isFile", "a file")) return undefined;
    return await readLocal(
      this.#path(file),
      MAX_MANIFEST_SIZE,
      this.#signal,
    );
  }

  async #kindOf(
    file: string,
    kind: "isFile" | "isDirectory",
    expected: string,
  ): Promise<boolean> {
    const found = await this.#stat(file);
    if (found?.[kind]) return true;
    this.#add(file, expected, found === undefined ? "nothing" : kindOf(found));
    return false;
  }

  async #stat(file: string): Promise<Deno.FileInfo | undefined> {
    try {
      return await Deno.lstat(this.#path(file));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new CommandError(
        `open ${file}: ${error instanceof Error ? error.message : error}`,
        { cause: error },
      );
    }
  }

  #path(file: string): string {
    return `${this.#directory}/${file}`;
  }

  #add(path: string, expected: string, actual: string): void {
    this.issues.push({ path, expected, actual });
  }

  #addAll(file: string, issues: readonly ValidationIssue[]): void {
    for (const { path, ...rest } of issues) {
      this.issues.push({ path: `${file}:${path}`, ...rest });
    }
  }
}

const DIGEST = new RegExp(`^${DIGEST_PATTERN}$`);

function isDigest(text: string): boolean {
  try {
    Digest.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseOrNothing(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    // Reported by the document's validation.
    return undefined;
  }
}

function kindOf(found: Deno.FileInfo): string {
  if (found.isSymlink) return "a symbolic link";
  if (found.isDirectory) return "a directory";
  return found.isFile ? "a file" : "something else";
}
