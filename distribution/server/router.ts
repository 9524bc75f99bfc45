import { isRepositoryName } from "../reference.ts";
import { RequestError } from "./request_error.ts";

/** Where a request goes: the endpoint, and the names in its path. */
export type Route =
  | { readonly endpoint: "base" }
  | { readonly endpoint: "catalog" }
  | { readonly endpoint: "tags"; readonly repository: string }
  | { readonly endpoint: "uploads"; readonly repository: string }
  | {
    readonly endpoint: "upload";
    readonly repository: string;
    readonly upload: string;
  }
  | {
    readonly endpoint: "blob";
    readonly repository: string;
    readonly digest: string;
  }
  | {
    readonly endpoint: "manifest";
    readonly repository: string;
    readonly reference: string;
  }
  | {
    readonly endpoint: "referrers";
    readonly repository: string;
    readonly digest: string;
  };

/**
 * Finds the endpoint of a path.
 *
 * A repository name may itself hold `blobs` or `tags/list`, so the path is read
 * from its end, where the fixed words stand. Every segment is decoded once, here,
 * and everything behind works with that one form: no name can mean one thing to
 * the check and another to the storage.
 *
 * @throws {RequestError} There is no such endpoint, or the repository name is not valid.
 */
export function route(path: string): Route {
  const segments = path.split("/").map(decode);
  if (segments[0] !== "" || segments[1] !== "v2") throw notFound();
  const rest = segments.slice(2);
  // `/v2` and `/v2/` are the same, and so are the two forms of the uploads' path.
  if (rest.at(-1) === "") rest.pop();
  if (rest.length === 0) return { endpoint: "base" };
  if (rest.length === 1 && rest[0] === "_catalog") {
    return { endpoint: "catalog" };
  }
  const last = rest.at(-1)!;
  const word = rest.at(-2);
  if (word === "tags" && last === "list") {
    return { endpoint: "tags", repository: name(rest, 2) };
  }
  if (word === "manifests") {
    const repository = name(rest, 2);
    return { endpoint: "manifest", repository, reference: last };
  }
  if (word === "referrers") {
    return { endpoint: "referrers", repository: name(rest, 2), digest: last };
  }
  if (word === "blobs") {
    return last === "uploads"
      ? { endpoint: "uploads", repository: name(rest, 2) }
      : { endpoint: "blob", repository: name(rest, 2), digest: last };
  }
  if (word === "uploads" && rest.at(-3) === "blobs") {
    return { endpoint: "upload", repository: name(rest, 3), upload: last };
  }
  throw notFound();
}

function name(segments: readonly string[], suffix: number): string {
  const text = segments.slice(0, -suffix).join("/");
  if (!isRepositoryName(text)) {
    throw new RequestError(400, "NAME_INVALID", "Repository name not valid");
  }
  return text;
}

function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  let text: string | undefined;
  try {
    text = decodeURIComponent(segment);
  } catch {
    // Not UTF-8: no name that exists here.
  }
  if (text === undefined || text.includes("/")) {
    throw new RequestError(400, "NAME_INVALID", "Path not valid");
  }
  return text;
}

function notFound(): RequestError {
  return new RequestError(404, "UNSUPPORTED", "There is no such endpoint");
}
