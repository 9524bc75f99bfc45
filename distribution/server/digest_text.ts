import { Digest } from "../../digest/digest.ts";
import { DigestError } from "../../digest/errors.ts";
import { digestInvalid } from "./request_error.ts";

/**
 * Checks a digest that a client sent, before anything is done with it.
 *
 * @throws {RequestError} 400 `DIGEST_INVALID`: it is malformed, or of an algorithm that cannot be computed.
 */
export function checkDigest(text: string): Digest {
  try {
    return Digest.parse(text);
  } catch (error) {
    if (error instanceof DigestError) {
      throw digestInvalid("Digest malformed or not supported");
    }
    throw error;
  }
}

/**
 * The digest in a query, or undefined where there is none.
 *
 * @throws {RequestError} 400 `DIGEST_INVALID`: there are two, or it is not valid.
 */
export function queryDigest(
  query: URLSearchParams,
  name: string,
): Digest | undefined {
  const [text, ...more] = query.getAll(name);
  if (text === undefined) return undefined;
  if (more.length > 0) throw digestInvalid(`More than one ${name} is given`);
  return checkDigest(text);
}
