import { preview } from "../../digest/_preview.ts";
import type { ValidationIssue } from "../validation.ts";
import { readArchive } from "./_archive_reader.ts";
import { toStream } from "./compression.ts";
import { parseEntryName } from "./entry_name.ts";
import { LayerError, LayerLimitError, UnsafeEntryError } from "./errors.ts";
import { type ExtractLimits, withDefaults } from "./extract_limits.ts";
import type { TarEntryHeader } from "./read_tar.ts";
import { parseWhiteout } from "./whiteout.ts";

/** Options of {@linkcode validateLayer}. */
export interface ValidateLayerOptions {
  /**
   * How much of it is looked at; what exceeds that is an issue, too.
   *
   * @default {those of unpacking, and any ratio}
   */
  readonly limits?: ExtractLimits | undefined;
  /** Stops the work, which then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists what is wrong with a layer, however it is compressed, without unpacking it:
 * entries of one name, names and hard links that lead out, bad whiteouts, sparse
 * files, and an archive that is damaged, ends early, or is followed by more. What
 * comes behind damage cannot be looked at. Each issue's path is the entry's name,
 * or empty where it is the archive's. Names are kept in memory until the end, up
 * to 256 MiB of them.
 *
 * Follows image-spec `layer.md`.
 *
 * @throws What the source fails with, as it is.
 *
 * @example
 * ```ts
 * import { validateLayer } from "@gantry/oci/image/layer";
 * import { assertEquals } from "@std/assert";
 *
 * const empty = new Blob([new Uint8Array(1024)]);
 * assertEquals(await validateLayer(empty.stream()), []);
 * const cut = await validateLayer(empty.slice(0, 600).stream());
 * assertEquals(cut.length, 1);
 * ```
 */
export async function validateLayer(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
  options: ValidateLayerOptions = {},
): Promise<ValidationIssue[]> {
  const { limits, signal } = options;
  const issues: ValidationIssue[] = [];
  const seen = new Set<string>();
  let length = 0;
  try {
    const check = {
      compression: "auto",
      limits: withDefaults({ maxRatio: Infinity, ...limits }),
      signal,
    } as const;
    await readArchive(streamOf(source), check, ({ header }) => {
      length += header.name.length;
      if (length > MAX_NAMES) {
        throw new LayerLimitError(`names of at most ${MAX_NAMES} bytes in all`);
      }
      for (const issue of checkEntry(header, seen)) issues.push(issue);
    });
  } catch (error) {
    if (!(error instanceof LayerError)) throw error;
    issues.push({
      path: "",
      expected: error instanceof LayerLimitError
        ? "a layer that is not so large"
        : "a whole archive",
      actual: error.message,
    });
  }
  return issues;
}

/** The most of all names together, which are kept. */
const MAX_NAMES = 256 * 1024 * 1024;

function streamOf(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return source instanceof ReadableStream
    ? source
    : toStream(source[Symbol.asyncIterator]());
}

function* checkEntry(
  { linkname, name, sparse, type }: TarEntryHeader,
  seen: Set<string>,
): Generator<ValidationIssue, void, undefined> {
  if (sparse) {
    yield { path: name, expected: "whole content", actual: "a sparse file" };
  }
  try {
    const parts = parseEntryName(name);
    const key = parts.join("/");
    if (seen.has(key)) {
      yield {
        path: name,
        expected: "one entry of its name",
        actual: "another one",
      };
    }
    seen.add(key);
    if (parts.length === 0 && type !== "directory") {
      yield { path: name, expected: "a directory as the root", actual: type };
    }
    parseWhiteout(parts, type);
    if (type === "link") parseEntryName(linkname);
  } catch (error) {
    if (!(error instanceof UnsafeEntryError)) throw error;
    const ofLink = error.entry !== name && error.entry === linkname;
    yield {
      path: name,
      expected: error.reason.replace(/^expected /, ""),
      actual: preview(ofLink ? linkname : name),
    };
  }
}
