import { Digest } from "../digest/digest.ts";
import { MediaTypes } from "../image/media_type.ts";
import { scrubbedError } from "./_secrets.ts";
import { ProtocolError } from "./errors.ts";

/** The digest of bytes, by the algorithm of another one where that is given. */
export function digestOf(
  bytes: Uint8Array<ArrayBuffer>,
  like: string | undefined,
): Promise<string> {
  const options = like === undefined
    ? {}
    : { algorithm: Digest.parse(like).algorithm };
  return Digest.fromBytes(bytes, options).then(String);
}

/** What the registry says in Docker-Content-Digest, which must at least be a digest. */
export function promisedDigest(
  response: Response,
  action: string,
): string | undefined {
  const header = response.headers.get("docker-content-digest")?.trim();
  if (!header) return undefined;
  try {
    return String(Digest.parse(header));
  } catch (cause) {
    throw new ProtocolError(
      "DIGEST_HEADER_INVALID",
      `${action}: the registry names a digest that is none`,
      { cause: scrubbedError(response, cause) },
    );
  }
}

const KNOWN_TYPES: ReadonlySet<string> = new Set(Object.values(MediaTypes));

/** The content type without parameters (R11), and in lower case where that makes it a known one. */
export function contentType(response: Response): string | undefined {
  const [type] = (response.headers.get("content-type") ?? "").split(";", 1)
    .map((part) => part.trim());
  if (!type) return undefined;
  const lower = type.toLowerCase();
  return KNOWN_TYPES.has(lower) ? lower : type;
}

/** The document's own media type, for registries that send none. */
export function ownMediaType(bytes: Uint8Array): string | undefined {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value?.mediaType === "string" ? value.mediaType : undefined;
  } catch {
    return undefined;
  }
}
