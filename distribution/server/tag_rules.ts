import { matcher } from "./_pattern.ts";
import { RequestError } from "./request_error.ts";

/** Makes the test of whether a tag, once it is there, stays at what it points at. */
export function immutability(
  immutableTags: boolean | readonly string[],
): ((tag: string) => boolean) | undefined {
  if (immutableTags === false) return undefined;
  return immutableTags === true ? () => true : matcher(immutableTags);
}

/** 409: the tag is there, and may not be moved. */
export function tagImmutable(tag: string): RequestError {
  return new RequestError(409, "DENIED", "The tag exists and is immutable", {
    detail: { tag },
  });
}
