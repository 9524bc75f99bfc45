import type { ProgressHook } from "../../../distribution/progress.ts";
import type { Invocation } from "../_command.ts";
import { readVariable } from "../_environment.ts";
import { ProgressBars } from "./progress_bars.ts";
import { StatusLines } from "./status_lines.ts";

/** Shows what moves, until it is disposed of. */
export interface TransferView extends Disposable {
  /** Takes the steps. */
  readonly onProgress: ProgressHook;
}

/** How to show what moves where there is no terminal for bars. */
export interface TransferViewOptions {
  /** The width of the status lines' first column; no lines are printed where not given. */
  readonly lines?: number | undefined;
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
      columns: () => Deno.consoleSize().columns,
      rows: () => Deno.consoleSize().rows,
      color: !Deno.noColor,
    });
  }
  return new StatusLines({
    write: (line) => console.out(line),
    width: options.lines,
    unnamed: flags.bool("verbose"),
  });
}
