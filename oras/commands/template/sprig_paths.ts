import type { TemplateFunction } from "./evaluate.ts";
import { string } from "./sprig_strings.ts";

const PATHS: Readonly<Record<string, TemplateFunction>> = {
  base: (path) => base(string(path)),
  dir: (path) => clean(string(path).replace(/[^/]*$/, "")),
  ext: (path) => /\.[^./]*$/.exec(string(path))?.[0] ?? "",
  clean: (path) => clean(string(path)),
  isAbs: (path) => string(path).startsWith("/"),
};

/** The functions of the sprig library that work on paths; those of the system are the same here. */
export const SPRIG_PATHS: Readonly<Record<string, TemplateFunction>> = {
  ...PATHS,
  osBase: PATHS["base"]!,
  osDir: PATHS["dir"]!,
  osExt: PATHS["ext"]!,
  osClean: PATHS["clean"]!,
  osIsAbs: PATHS["isAbs"]!,
};

/** The last part of a path, as Go's `path.Base` gives it. */
function base(path: string): string {
  if (path === "") return ".";
  return path.replace(/\/+$/, "").split("/").at(-1) || "/";
}

/** The shortest path that means the same, as Go's `path.Clean` gives it. */
function clean(path: string): string {
  const isAbsolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isAbsolute) parts.push(part);
  }
  return (isAbsolute ? "/" : "") + parts.join("/") || ".";
}
