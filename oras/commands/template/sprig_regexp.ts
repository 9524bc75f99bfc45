import type { TemplateFunction } from "./evaluate.ts";
import { GoRegex } from "./regex.ts";
import { integer, string } from "./sprig_strings.ts";

/** The functions of the sprig library that work with regular expressions, by its names and argument orders. */
export const SPRIG_REGEXP: Readonly<Record<string, TemplateFunction>> = {
  regexMatch: (pattern, text) => regex(pattern).test(string(text)),
  regexFind: (pattern, text) => regex(pattern).find(string(text)) ?? "",
  regexFindAll: (pattern, text, count) =>
    regex(pattern).findAll(string(text), integer(count)),
  regexReplaceAll: (pattern, text, replacement) =>
    regex(pattern).replaceAll(string(text), string(replacement)),
  regexReplaceAllLiteral: (pattern, text, replacement) =>
    regex(pattern).replaceAllLiteral(string(text), string(replacement)),
  regexSplit: (pattern, text, count) =>
    regex(pattern).split(string(text), integer(count)),
  regexQuoteMeta: (text) => string(text).replace(/[\\.+*?()|[\]{}^$]/g, "\\$&"),
};

function regex(pattern: unknown): GoRegex {
  return new GoRegex(string(pattern));
}
