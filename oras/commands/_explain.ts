import { CommandError } from "./_errors.ts";

/** Finds the words for an error that a command met. */
export function explain(error: unknown): CommandError {
  return new CommandError(
    error instanceof Error ? error.message : String(error),
    { cause: error },
  );
}
