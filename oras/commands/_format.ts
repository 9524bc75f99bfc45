import type { Console } from "./_console.ts";
import { UsageError } from "./_errors.ts";
import type { FlagValues } from "./_flag.ts";
import { prettyJson } from "./_json.ts";

/** How a command prints its result. */
export interface Format {
  /** Whether it prints lines for people, and not one value for programs. */
  readonly isText: boolean;
  /** Prints the value for programs; nothing where the format is text. */
  print(console: Console, value: unknown): void;
}

/** What differs between commands. */
export interface FormatOptions {
  /** The format, where it is not that of `--format`. */
  readonly format?: string;
  /** The formats that the command has in place of `text`. */
  readonly others?: readonly string[];
}

const TEMPLATE_PREFIX = "go-template=";

/**
 * Reads `--format` and `--template`; a template is read at once, so that what is wrong
 * with it is told before anything is done.
 */
export async function readFormat(
  flags: FlagValues,
  options: FormatOptions = {},
): Promise<Format> {
  const { format = flags.text("format"), others = [] } = options;
  const inline = format.startsWith(TEMPLATE_PREFIX);
  if (flags.given("template") && format !== "go-template") {
    throw new UsageError("--template must be used with --format go-template");
  }
  if (format === "text" && others.length === 0) {
    return { isText: true, print() {} };
  }
  if (format === "json") {
    return {
      isText: false,
      print: (console, value) => console.json(`${prettyJson(value)}\n`),
    };
  }
  if (!inline && format !== "go-template") {
    throw new UsageError(`invalid format type: ${JSON.stringify(format)}`, {
      hint: `supported types: ${
        others.length === 0
          ? "json, go-template, text"
          : [others[0], "json, go-template", ...others.slice(1)].join(", ")
      }`,
    });
  }
  const text = inline
    ? format.slice(TEMPLATE_PREFIX.length)
    : flags.text("template");
  if (text === "") {
    throw new UsageError(
      '"go-template" format specified but no template given',
      { hint: "use `--format go-template=TEMPLATE` to specify the template" },
    );
  }
  const { readTemplate } = await import("./template/template.ts");
  const render = readTemplate(text);
  return {
    isText: false,
    print: (console, value) => console.outRaw(render(value)),
  };
}
