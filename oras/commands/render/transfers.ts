import type { ProgressHook } from "../../../distribution/progress.ts";
import type { Invocation } from "../_command.ts";
import { readVariable } from "../_environment.ts";
import { ProgressBars } from "./progress_bars.ts";
import { StatusLines, type StatusLinesOptions } from "./status_lines.ts";

/** Shows what moves, until it is disposed of. */
export interface TransferView extends Disposable {
  /** Takes the steps. */
  readonly onProgress: ProgressHook;
}

/** How to show what moves where there is no terminal for bars. */
export interface TransferViewOptions {
  /** The width of the status lines' first column; no lines are printed where not given. */
  readonly lines?: number | undefined;
  /** Other words for the status lines than those of the phases. */
  readonly verbs?: StatusLinesOptions["verbs"];
}

/** Chooses how to show what moves: bars on a terminal, else lines, else nothing. */
export function watchTransfers(
  { console, flags }: Invocation,
  options: TransferViewOptions = {},
): TransferView {
  if (
    !flags.bool("no-tty") && !flags.bool("debug") && Deno.stderr.isTerminal() &&
    readVariable("TERM") !== "dumb"
  ) {
    return new ProgressBars({
      write: (text) => console.errRaw(text),
      columns: () => terminalSize().columns,
      rows: () => terminalSize().rows,
      color: !Deno.noColor,
    });
  }
  return new StatusLines({
    write: (line) => console.out(line),
    width: options.lines,
    verbs: options.verbs,
    unnamed: !flags.knows("verbose") || flags.bool("verbose"),
  });
}

/** The terminal's size; a common one where the runtime does not know, or says 0. */
function terminalSize(): { columns: number; rows: number } {
  let columns = 0;
  let rows = 0;
  try {
    ({ columns, rows } = Deno.consoleSize());
  } catch {
    // Deno looks at stdout and stdin, which need not be the terminal.
  }
  return { columns: columns || 80, rows: rows || 24 };
}
