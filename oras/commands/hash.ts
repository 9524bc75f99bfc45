import { registerAlgorithm } from "../../digest/algorithm.ts";
import { BLAKE3 } from "../../digest/blake3.ts";
import { Digest } from "../../digest/digest.ts";
import type { Invocation } from "./_command.ts";
import { CommandError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import { readFormat } from "./_format.ts";
import { hashLocal } from "./_local_file.ts";
import { printable } from "./_printable.ts";

/** Prints the digests of files, and compares them with one. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, flags } = invocation;
  const format = await readFormat(flags);
  refuseTogether(flags, "algorithm", "verify");
  registerAlgorithm(BLAKE3);
  const wanted = flags.given("verify")
    ? Digest.parse(flags.text("verify"))
    : undefined;
  const algorithm = wanted?.algorithm ?? flags.text("algorithm");
  let wrong = 0;
  const files: unknown[] = [];
  for (const path of args) {
    const { digest, size } = await hashLocal(
      path,
      algorithm,
      invocation.signal,
    );
    const matches = wanted?.equals(digest) ?? true;
    if (!matches) wrong++;
    const name = args.length === 1 ? "" : `  ${printable(path)}`;
    if (format.isText) console.out(`${digest}${name}`);
    files.push({
      file: path,
      digest: String(digest),
      size,
      ...(wanted !== undefined && { matches }),
    });
  }
  format.print(console, { files });
  if (wrong === 0) return;
  throw new CommandError(
    args.length === 1
      ? `digest mismatch: expected ${wanted}`
      : `digest mismatch in ${wrong} of ${args.length} files: expected ${wanted}`,
  );
}
