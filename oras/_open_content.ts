import {
  type Source,
  type SourceLike,
  toSource,
} from "../distribution/source.ts";
import type { FileContent } from "./registry_options.ts";

/** A source of content, which may be a file by its path. */
export async function openContent(
  content: SourceLike | FileContent,
): Promise<Source> {
  if (isFileContent(content)) {
    const { fileSource } = await import("./node/file_source.ts");
    return await fileSource(content.path);
  }
  return toSource(content);
}

function isFileContent(
  content: SourceLike | FileContent,
): content is FileContent {
  return typeof content === "object" && "path" in content &&
    !("open" in content);
}
