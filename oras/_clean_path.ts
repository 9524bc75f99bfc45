/**
 * A path with `/` as separator and without empty, `.` and inner `..` parts, by the
 * rules of Go's `path.Clean`, which name the layers of other tools.
 */
export function cleanPath(path: string): string {
  const rooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!rooted) parts.push(part);
  }
  const joined = parts.join("/");
  return rooted ? `/${joined}` : joined || ".";
}

/** Whether a path is absolute on any system: from a slash or backslash, or from a drive. */
export function isAbsolutePath(path: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:[/\\])/.test(path);
}

/** Whether a cleaned path leads out of the directory that it is relative to. */
export function leadsOut(cleaned: string): boolean {
  return cleaned === ".." || cleaned.startsWith("../");
}
