import { OciError } from "../digest/oci_error.ts";
import { ConnectionError } from "./errors.ts";

/**
 * What comes of a question to a registry; undefined where it has no good answer.
 * That it could not be asked is no answer, and is thrown.
 */
export async function answered<Result>(
  ask: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isAnswer = error instanceof OciError &&
      !(error instanceof ConnectionError);
    if (!isAnswer) throw error;
    return undefined;
  }
}
