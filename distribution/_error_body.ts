import { readBounded } from "./_body.ts";
import { scrubbed } from "./_secrets.ts";
import { isErrorCode } from "./error_codes.ts";
import { MAX_ERROR_SIZE, validateErrorInfo } from "./error_response.ts";
import type { ErrorInfo } from "./errors.ts";

/** The most that is kept of a text in it, in UTF-16 units. */
const MAX_TEXT = 1000;
/** How deep a detail may be nested; one that is deeper is left out. */
const MAX_DEPTH = 100;

/** Reads an error body as JSON, and as undefined where it is none: many proxies answer with HTML. */
export async function readErrorBody(response: Response): Promise<unknown> {
  try {
    const bytes = await readBounded(
      response,
      MAX_ERROR_SIZE,
      "Cannot read error body",
    );
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** A stranger's text, fit for an error message: it can neither forge a line nor steer a terminal. */
export function safeText(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  // deno-lint-ignore no-control-regex -- these are what is taken out
  return value.slice(0, MAX_TEXT).replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
}

/** The problems in a registry's error body (distribution-spec §Error Codes), and none where it holds none. */
export async function readErrors(response: Response): Promise<ErrorInfo[]> {
  const body = await readErrorBody(response) as { errors?: unknown } | null;
  const found: ErrorInfo[] = [];
  // Before a text is cut: half a secret is one too.
  const clean = (value: unknown) => withoutSecrets(response, value);
  for (const entry of Array.isArray(body?.errors) ? body.errors : []) {
    if (validateErrorInfo(entry, { level: "wire" }).length > 0) continue;
    // The specification's own codes are no secret, whatever password they resemble.
    const known = isErrorCode(entry.code);
    const code = known ? entry.code : safeText(clean(entry.code));
    if (code === undefined) continue;
    const message = safeText(clean(entry.message));
    const detail = isShallow(entry.detail) ? clean(entry.detail) : undefined;
    found.push({
      code,
      ...message !== undefined && { message },
      ...detail !== undefined && { detail },
    });
  }
  return found;
}

/** Whether no part of a JSON value is nested so deep that walking through it could fail. */
function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth < MAX_DEPTH &&
    Object.values(value).every((item) => isShallow(item, depth + 1));
}

/** Any JSON, its texts without what the request had carried. */
function withoutSecrets(response: Response, value: unknown): unknown {
  if (typeof value === "string") return scrubbed(response, value);
  if (Array.isArray(value)) {
    return value.map((item) => withoutSecrets(response, item));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      scrubbed(response, name),
      withoutSecrets(response, item),
    ]),
  );
}
