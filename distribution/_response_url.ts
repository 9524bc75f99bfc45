/** The same response with a URL: one that was made by hand has an empty `url` that cannot be assigned. */
export function withUrl(
  response: Response,
  { url, redirected }: Pick<Response, "url" | "redirected">,
): Response {
  return Object.defineProperties(response, {
    url: { value: url, configurable: true, enumerable: true },
    redirected: { value: redirected, configurable: true, enumerable: true },
  });
}
