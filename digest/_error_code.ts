/**
 * The code that the operating system or the runtime gave an error, such as `ENOENT`;
 * undefined where it has none.
 */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error
    ? error.code
    : undefined;
  return typeof code === "string" ? code : undefined;
}
