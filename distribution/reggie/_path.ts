/** What a placeholder can stand for, by its name between `<` and `>`. */
export type Placeholders = Readonly<
  Record<"name" | "reference" | "digest" | "session_id", string | undefined>
>;

const PLACEHOLDER = /<(name|reference|digest|session_id)>/g;

/**
 * Puts values in place of placeholders; one that has no value stays. A value stays
 * within the path: it can neither begin a query nor climb out of its place.
 */
export function fillPlaceholders(path: string, values: Placeholders): string {
  return path.replace(PLACEHOLDER, (placeholder, key: keyof Placeholders) => {
    const value = values[key];
    if (value === undefined || value === "") return placeholder;
    if (value.split(/[/\\]/).some(isDotSegment)) {
      throw new TypeError(
        `Cannot make a request: ${
          JSON.stringify(value)
        } for ${placeholder} leads out of the path`,
      );
    }
    return value.replaceAll("?", "%3F").replaceAll("#", "%23");
  });
}

function isDotSegment(segment: string): boolean {
  return /^(\.|%2e){1,2}$/i.test(segment);
}

/** The placeholders that have no value. */
export function openPlaceholders(url: string): string[] {
  return [...new Set(url.match(PLACEHOLDER))];
}

/**
 * The URL of a path below an address. A path that has the address' own in front, as
 * a `Location` does, is not given it twice; a whole URL is taken as it is.
 */
export function joinPath(address: URL, path: string): string {
  if (/^https?:\/\//i.test(path)) return path;
  const base = address.pathname.replace(/\/+$/, "");
  const rest = path.startsWith("/") ? path : `/${path}`;
  const isWhole = rest === base || rest.startsWith(`${base}/`);
  return `${address.origin}${isWhole ? "" : base}${rest}`;
}
