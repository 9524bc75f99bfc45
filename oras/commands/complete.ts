import type { Invocation } from "./_command.ts";
import { complete } from "./_completions.ts";
import { PROGRAM } from "./table.ts";

/**
 * Answers the completion scripts: a line for each word that could stand where the
 * cursor is, with its purpose behind a tab; and a last line, `:files` where the name
 * of a file could stand there, else `:words`.
 */
export function run({ args, console }: Invocation): Promise<void> {
  // PowerShell cannot pass an empty word in all its versions, and passes this one.
  const typed = args.map((word) => word === '""' ? "" : word);
  const { files, words } = complete(PROGRAM, typed);
  for (const { purpose, word } of words) console.out(`${word}\t${purpose}`);
  console.out(files ? ":files" : ":words");
  return Promise.resolve();
}
