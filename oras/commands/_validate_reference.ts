import type { ValidationLevel } from "../../image/validation.ts";
import { openArchiveArgument } from "./_open_archive_argument.ts";
import { readArchiveArgument } from "./_archive_argument.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { readLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import type { Verdict } from "./_validate_document.ts";
import { validateReference } from "./_validate_store.ts";

/** Validates what is in a registry, or in an archive, with all that is below it. */
export async function validateElsewhere(
  invocation: Invocation,
  argument: string,
  level: ValidationLevel,
): Promise<Verdict> {
  const { flags, signal } = invocation;
  const options = {
    level,
    fast: flags.bool("fast"),
    concurrency: readConcurrency(flags),
    signal,
  };
  const archive = readArchiveArgument(argument);
  if (archive !== undefined) {
    await using opened = await openArchiveArgument(archive, argument, signal);
    return await validateReference(opened.store, opened.reference, options);
  }
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const store = await openStore(invocation, location);
  return await validateReference(store, location.target!, options);
}
