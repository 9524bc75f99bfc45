import { BUILT_INS } from "./built_ins.ts";
import { type Callable, evaluate, type TemplateFunction } from "./evaluate.ts";
import { parseTemplate } from "./parser.ts";
import { SPRIG_PATHS } from "./sprig_paths.ts";
import { SPRIG_REGEXP } from "./sprig_regexp.ts";
import { SPRIG_STRINGS } from "./sprig_strings.ts";
import { SPRIG_VALUES } from "./sprig_values.ts";

/** The functions that take any number of arguments behind those that they name. */
const VARIADIC: ReadonlySet<string> = new Set(
  ("and or default round biggest addf subf mulf divf maxf minf merge mergeOverwrite " +
    "index slice print printf println html js urlquery eq quote squote cat " +
    "coalesce all any add mul max min seq list tuple concat without dict keys pick " +
    "omit pluck dig").split(" "),
);

/** The functions that sprig has by another name too, for templates that are to fail. */
const MUST =
  ("append chunk compact deepCopy first fromJson has initial last merge mergeOverwrite " +
    "prepend push regexFind regexFindAll regexMatch regexReplaceAll " +
    "regexReplaceAllLiteral regexSplit rest reverse slice toJson toPrettyJson " +
    "toRawJson uniq without").split(" ");

/** All functions; where sprig has one of a built-in's name, sprig's counts, as in oras. */
const FUNCTIONS = withMust(callables({
  ...BUILT_INS,
  ...SPRIG_STRINGS,
  ...SPRIG_REGEXP,
  ...SPRIG_PATHS,
  ...SPRIG_VALUES,
}));

/** A template that can be printed with any value. */
export type Render = (value: unknown) => string;

/**
 * Reads a template of Go's text/template with the functions of the sprig library that
 * work on strings, lists, maps and numbers. Printing adds no line feed.
 *
 * Functions of the caller's own can be added.
 *
 * One thing differs from oras on purpose: a number of JSON without fraction is an
 * integer, printed in full.
 *
 * @throws {TemplateError} The template is malformed, or, while it is printed, the value
 * lacks what is taken of it.
 */
export function readTemplate(
  text: string,
  more: Readonly<Record<string, TemplateFunction>> = {},
): Render {
  const functions = new Map([...FUNCTIONS, ...callables(more)]);
  const template = parseTemplate(text, functions);
  return (value) => [...evaluate(template, functions, value)].join("");
}

function callables(
  functions: Readonly<Record<string, TemplateFunction>>,
): ReadonlyMap<string, Callable> {
  return new Map(
    Object.entries(functions).map(([name, run]) => [name, {
      run,
      min: run.length,
      ...(!VARIADIC.has(name) && { max: run.length }),
    }]),
  );
}

function withMust(
  functions: ReadonlyMap<string, Callable>,
): ReadonlyMap<string, Callable> {
  const more = MUST.map((name) =>
    [
      `must${name[0]!.toUpperCase()}${name.slice(1)}`,
      functions.get(name)!,
    ] as const
  );
  return new Map([...functions, ...more]);
}
