import type { FileNameRules } from "../image/layer/name_rules.ts";

/** A file as it is given on a command line. */
export interface FileRef {
  /** The path. */
  readonly path: string;
  /** The media type, where one is given. */
  readonly mediaType?: string;
}

/**
 * Takes `path[:mediaType]` apart, at the last colon, unless on Windows that belongs to
 * a drive.
 */
export function parseFileRef(text: string, rules: FileNameRules): FileRef {
  const colon = text.lastIndexOf(":");
  const isDrive = rules === "windows" && /^[A-Za-z]:[/\\][^:]*$/.test(text);
  if (colon < 0 || isDrive) return { path: text };
  const path = text.slice(0, colon);
  const mediaType = text.slice(colon + 1);
  return mediaType === "" ? { path } : { path, mediaType };
}

/** The path with `/` as separator, where a platform has another, too. */
export function toSlash(path: string, rules: FileNameRules): string {
  return rules === "windows" ? path.replaceAll("\\", "/") : path;
}
