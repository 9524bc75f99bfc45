/** What a request is about: its URL without the origin. */
export interface Target {
  /** The path, as it was sent. */
  readonly path: string;
  /** The parameters. */
  readonly query: URLSearchParams;
}

const NO_QUERY = new URLSearchParams();

/**
 * Splits a request's URL by hand: `new URL` would resolve dot segments, encoded
 * ones too, and so hide what was asked for.
 */
export function readTarget(url: string): Target {
  const scheme = url.indexOf("://");
  const start = scheme < 0 ? 0 : url.indexOf("/", scheme + 3);
  const whole = start < 0 ? "/" : url.slice(start).split("#", 1)[0]!;
  const mark = whole.indexOf("?");
  if (mark < 0) return { path: whole, query: NO_QUERY };
  return {
    path: whole.slice(0, mark),
    query: new URLSearchParams(whole.slice(mark + 1)),
  };
}
