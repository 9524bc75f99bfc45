import { registerAlgorithm } from "../../digest/algorithm.ts";
import { BLAKE3 } from "../../digest/blake3.ts";
import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import type { ValidationLevel } from "../../image/validation.ts";
import { readArchiveArgument } from "./_archive_argument.ts";
import type { Invocation } from "./_command.ts";
import { CommandError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { isDirectory, streamLocal } from "./_local_file.ts";
import { printable } from "./_printable.ts";
import {
  type DocumentType,
  validateDocument,
  type Verdict,
} from "./_validate_document.ts";
import { collect, judgeLayer, lookInto } from "./_validate_layer.ts";

/** Validates documents, layers, image layouts as a whole, and what references name. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, flags } = invocation;
  const format = await readFormat(flags);
  const level = flags.text("level") as ValidationLevel;
  registerAlgorithm(BLAKE3);
  const verdicts: Verdict[] = [];
  for (const path of args) {
    const verdict = await validate(path, flags.text("type"), level, invocation);
    verdicts.push(verdict);
    if (format.isText) print(invocation, path, verdict);
  }
  format.print(
    console,
    verdicts.length === 1
      ? verdicts[0]
      : verdicts.map((verdict, index) => ({ file: args[index], ...verdict })),
  );
  const invalid = verdicts.filter(({ valid }) => !valid).length;
  if (invalid === 0) return;
  throw new CommandError(
    args.length === 1
      ? "validation failed"
      : `validation failed for ${invalid} of ${args.length}`,
  );
}

async function validate(
  path: string,
  type: string,
  level: ValidationLevel,
  invocation: Invocation,
): Promise<Verdict> {
  const { signal } = invocation;
  if (await isElsewhere(path)) {
    if (type !== "auto") {
      throw new CommandError(`${path} is a reference, and no ${type}`, {
        hint: "References are validated with all that is below them",
      });
    }
    const { validateElsewhere } = await import("./_validate_reference.ts");
    return await validateElsewhere(invocation, path, level);
  }
  if (await isDirectory(path)) {
    if (type !== "auto" && type !== "layout") {
      throw new CommandError(
        `${path} is a directory, and no ${type}`,
        { hint: "Directories are validated as image layouts" },
      );
    }
    const { validateLayout } = await import("./_validate_layout.ts");
    return await validateLayout(path, level, signal);
  }
  const source = await streamLocal(path, signal);
  if (type === "layer") return await judgeLayer(source, signal);
  const { content, isLayer } = await lookInto(source);
  if (isLayer && type === "auto") return await judgeLayer(content, signal);
  const bytes = await collect(content, MAX_MANIFEST_SIZE, signal);
  const given = type === "auto" ? undefined : type as DocumentType;
  return await validateDocument(bytes, given, level);
}

/** A name with a registry before it, and a tag or digest behind it. */
const REFERENCE = /^(?:localhost|[^/@]*[^/@.][.:][^/@]+)\/[^@]+[:@][^/]+$/;

/** Whether something is named that is no file: a reference, or an archive. */
async function isElsewhere(text: string): Promise<boolean> {
  if (!REFERENCE.test(text) && readArchiveArgument(text) === undefined) {
    return false;
  }
  // A file of that very name is what is meant.
  return await Deno.stat(text).then(() => false, () => true);
}

function print(
  { console }: Invocation,
  path: string,
  { issues, type, valid }: Verdict,
): void {
  const name = printable(path === "-" ? "stdin" : path);
  console.out(
    valid
      ? `${name}: valid ${type}`
      : `${name}: not a valid ${type === "unknown" ? "document" : type}`,
  );
  for (const { actual, expected, path } of issues) {
    // Of a layer, what no entry is to blame for.
    const place = path === "" ? "archive" : path;
    console.out(
      `  ${printable(place)}: expected ${printable(expected)}, found ${
        printable(actual)
      }`,
    );
  }
}
