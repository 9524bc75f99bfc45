import type { Stats } from "node:fs";
import { lstat, mkdir, realpath } from "node:fs/promises";
import {
  basename,
  dirname,
  isAbsolute,
  join,
  relative,
  resolve,
  sep,
} from "node:path";
import { parseEntryName } from "../../image/layer/entry_name.ts";
import { UnsafeEntryError } from "../../image/layer/errors.ts";
import { HOST_RULES } from "../../image/layer/node/_host_rules.ts";
import { type FileNameRules, nameKey } from "../../image/layer/name_rules.ts";
import { toSlash } from "../_file_ref.ts";
import { cleanPath, isAbsolutePath, leadsOut } from "../_clean_path.ts";
import { PathError } from "../errors.ts";
import { pathFailure } from "./_path_failure.ts";

/** Options of {@linkcode OutputDirectory}. */
export interface OutputDirectoryOptions {
  /**
   * Let names lead out of the directory.
   *
   * @default {false}
   */
  readonly allowPathTraversal?: boolean | undefined;
  /**
   * Whose rules names must keep to. On Windows a backslash separates, and devices,
   * streams, drives and parts that end in a dot or space are refused.
   *
   * @default {those of the system}
   */
  readonly nameRules?: FileNameRules | undefined;
}

/**
 * A directory that content of strangers is written to, under names that strangers chose.
 *
 * A name must stay inside by its text, and on the disk when symbolic links that
 * exist are followed; see GHSA-8xwf-rjm4-xvhv for what happens otherwise. A link in the
 * place of the file itself is replaced, and so does not count.
 *
 * @example
 * ```ts
 * import { OutputDirectory } from "@gantry/oci/oras/node";
 * import { PathError } from "@gantry/oci/oras";
 * import { assertThrows } from "@std/assert";
 *
 * const output = new OutputDirectory("out");
 * assertThrows(() => output.locate("../secret"), PathError);
 * ```
 */
export class OutputDirectory {
  /** The directory's absolute path. */
  readonly path: string;
  readonly #free: boolean;
  /** Whose rules names keep to. */
  readonly nameRules: FileNameRules;
  #real: Promise<string> | undefined;

  /** Names a directory, which need not exist yet. */
  constructor(path: string, options: OutputDirectoryOptions = {}) {
    this.path = resolve(path);
    this.#free = options.allowPathTraversal ?? false;
    this.nameRules = options.nameRules ?? HOST_RULES;
  }

  /**
   * The absolute path of a name, by its text alone.
   *
   * @throws {PathError} `PATH_ABSOLUTE`, `PATH_TRAVERSAL` or `PATH_INVALID`: the name is absolute, leads out, or can be no name.
   */
  locate(name: string): string {
    if (name.includes("\0")) {
      throw new PathError(
        "PATH_INVALID",
        `Cannot write ${JSON.stringify(name)}: the name has a zero byte`,
        name,
      );
    }
    const cleaned = cleanPath(
      toSlash(name, this.nameRules),
    );
    if (!this.#free) {
      if (isAbsolutePath(name)) {
        throw refusal("PATH_ABSOLUTE", name, "the name is an absolute path");
      }
      if (leadsOut(cleaned)) {
        throw refusal(
          "PATH_TRAVERSAL",
          name,
          "the name leads out of the output directory",
        );
      }
      if (cleaned !== ".") checkRules(name, cleaned, this.nameRules);
    }
    return isAbsolute(cleaned) ? cleaned : join(this.path, cleaned);
  }

  /** What is equal for two paths below it that are one file by the rules for names. */
  keyOf(path: string): string {
    return nameKey(path, this.nameRules);
  }

  /**
   * What stands at a path, a link not followed; undefined where nothing does.
   *
   * @throws {PathError} A symbolic link on the way leads out.
   */
  async inspect(path: string): Promise<Stats | undefined> {
    const parent = await this.#parent(path, false);
    if (parent === undefined) return undefined;
    return await lstat(join(parent, basename(path))).catch((error) => {
      if (error.code === "ENOENT") return undefined;
      throw pathFailure("write", path, error);
    });
  }

  /**
   * Makes the directory that a path is in, and gives the path with all links on the way resolved.
   *
   * @throws {PathError} A symbolic link on the way leads out, or something on the way is no directory.
   */
  async prepare(path: string): Promise<string> {
    const parent = await this.#parent(path, true);
    return join(parent!, basename(path));
  }

  /**
   * Makes the output directory itself.
   *
   * @throws {PathError} It cannot be made.
   */
  async make(): Promise<string> {
    try {
      this.#real ??= mkdir(this.path, { recursive: true })
        .then(() => realpath(this.path));
      return await this.#real;
    } catch (error) {
      this.#real = undefined;
      throw pathFailure("write", this.path, error);
    }
  }

  /**
   * Walks to the directory of a path from part to part, and follows no link unseen.
   * Gives undefined where there is none, and none is to be made.
   */
  async #parent(path: string, create: boolean): Promise<string | undefined> {
    if (path === this.path) {
      throw new PathError(
        "PATH_INVALID",
        `Cannot write ${path}: it is the output directory itself`,
        path,
      );
    }
    if (this.#free) {
      if (create) {
        await mkdir(dirname(path), { recursive: true }).catch((error) => {
          throw pathFailure("write", path, error);
        });
      }
      return dirname(path);
    }
    const root = create
      ? await this.make()
      : await realpath(this.path).catch(() => undefined);
    if (root === undefined) return undefined;
    let current = root;
    const parts = relative(this.path, dirname(path)).split(sep).filter(Boolean);
    for (const part of parts) {
      const next = join(current, part);
      let found = await lstat(next).catch(() => undefined);
      if (found === undefined) {
        if (!create) return undefined;
        await mkdir(next).catch((error) => {
          // Another file of the same pull may have made it meanwhile.
          if (error.code !== "EEXIST") throw pathFailure("write", path, error);
        });
        found = await lstat(next);
      }
      current = found.isSymbolicLink()
        ? await this.#follow(next, root, path)
        : next;
      if (!found.isSymbolicLink() && !found.isDirectory()) {
        throw new PathError(
          "PATH_INVALID",
          `Cannot write ${path}: ${next} is not a directory`,
          path,
        );
      }
    }
    return current;
  }

  async #follow(link: string, root: string, path: string): Promise<string> {
    const real = await realpath(link).catch(() => undefined);
    const way = real === undefined ? ".." : relative(root, real);
    if (
      real === undefined || way === ".." || way.startsWith(`..${sep}`) ||
      isAbsolute(way)
    ) {
      throw refusal(
        "PATH_TRAVERSAL",
        path,
        `the symbolic link ${link} leads out of the output directory`,
      );
    }
    const target = await lstat(real);
    if (!target.isDirectory()) {
      throw new PathError(
        "PATH_INVALID",
        `Cannot write ${path}: ${link} does not lead to a directory`,
        path,
      );
    }
    return real;
  }
}

function checkRules(name: string, cleaned: string, rules: FileNameRules): void {
  if (rules === "posix") return;
  try {
    parseEntryName(cleaned, { rules, maxLength: Infinity });
  } catch (cause) {
    if (!(cause instanceof UnsafeEntryError)) throw cause;
    throw new PathError(
      "PATH_INVALID",
      `Cannot write ${JSON.stringify(name)}: ${
        rules === "windows" ? "Windows" : "macOS"
      } gives the name a meaning`,
      name,
      { cause },
    );
  }
}

function refusal(
  code: "PATH_ABSOLUTE" | "PATH_TRAVERSAL",
  path: string,
  reason: string,
): PathError {
  return new PathError(code, `Cannot write ${path}: ${reason}`, path, {
    hint: "Allow path traversal only where you trust who made the artifact",
  });
}
