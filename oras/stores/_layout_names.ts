import { AnnotationKeys } from "../../image/annotations.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { StoreError } from "../store_error.ts";
import { referenceNotFound } from "./_content.ts";
import { fullName, IMAGE_NAME } from "./_full_name.ts";

/** Whether a name in an `index.json` can be one of the store's: any text in one line. */
export function isLayoutName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return /^[^\x00-\x1f\x7f]+$/.test(name);
}

/**
 * The entry of an `index.json` that a name means: the one of that name; else the one
 * whose full name, as other tools write it, is the name or ends with it as its tag.
 *
 * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is none, or several that differ.
 */
export function findEntry(
  entries: readonly Descriptor[],
  name: string,
  where: string,
): Descriptor {
  const nameOf = ({ annotations }: Descriptor): string | undefined =>
    annotations?.[AnnotationKeys.refName];
  const fullNameOf = (entry: Descriptor): string | undefined =>
    entry.annotations?.[IMAGE_NAME] ?? nameOf(entry);
  const exact = entries.find((entry) => nameOf(entry) === name);
  if (exact !== undefined) return exact;
  for (
    const fits of [
      (full: string) => full === name,
      (full: string) => name.includes("/") && full === fullName(name),
      (full: string) => full.endsWith(`:${name}`) && full.includes("/"),
    ]
  ) {
    const found = entries.filter((entry) => fits(fullNameOf(entry) ?? ""));
    if (new Set(found.map(({ digest }) => digest)).size > 1) {
      throw new StoreError(
        "REFERENCE_NOT_FOUND",
        `Cannot find ${name} in ${where}: it could be ${
          found.map(fullNameOf).join(" or ")
        }`,
      );
    }
    if (found[0] !== undefined) return found[0];
  }
  throw referenceNotFound(name, where);
}
