import type { ProgressPhase } from "../../../distribution/progress.ts";
import { printable } from "../_printable.ts";
import { columnsOf, fitColumns, padColumns } from "./_columns.ts";
import { capitalise, shortDigest } from "./status_lines.ts";

/** What is known of something that moves. */
export interface Transfer {
  /** What people call it. */
  readonly name: string;
  /** Where it is. */
  readonly phase: ProgressPhase;
  /** Its digest; "" where not known yet. */
  readonly digest: string;
  /** When it began, in milliseconds. */
  readonly started: number;
  /** When its numbers were last taken over, in milliseconds. */
  updated: number;
  /** Bytes moved. */
  transferred: number;
  /** Bytes in all. */
  total: number;
  /** Bytes per second. */
  speed: number;
}

/** How many cells a bar has: the most that leave room for the name. */
const BAR_WIDTHS = [20, 10, 0];
/** Of a longer name this much is shown. */
const MIN_NAME_WIDTH = 12;
const VERB_WIDTH = 11;
/** From this width on a line has room for all. */
const MIN_FULL_WIDTH = 60;

/** The line of a transfer that runs: verb, name, bar, share, sizes, speed, time left. */
export function liveLine(
  { name, phase, speed, total, transferred }: Transfer,
  width: number,
  now: number,
): string {
  const spinner = "|/-\\"[Math.floor(now / 100) % 4];
  const head = `${spinner} ${capitalise(phase).padEnd(VERB_WIDTH)} `;
  if (total <= 0) return fit(head + name, width);
  const share = Math.min(1, transferred / total);
  const percent = `${Math.floor(share * 100)}%`;
  const left = speed > 0 ? duration((total - transferred) / speed) : "-";
  const moved = `${percent.padStart(4)} ${size(transferred)}/${size(total)} ${
    size(speed)
  }/s ${left}`;
  for (const cells of BAR_WIDTHS) {
    const tail = ` ${bar(share, cells)}${moved}`;
    const room = width - head.length - tail.length - 1;
    if (room < MIN_NAME_WIDTH && room < columnsOf(name)) continue;
    return head + padColumns(fit(name, room), room) + tail;
  }
  return fit(`${head}${name} ${percent}`, width);
}

/** A bar of so many cells; nothing where there are none. */
function bar(share: number, cells: number): string {
  if (cells === 0) return "";
  const full = Math.floor(share * cells);
  return `[${"=".repeat(full)}${" ".repeat(cells - full)}] `;
}

/** The line of a transfer that has ended. */
export function finishedLine(
  { digest, name, phase, started, total, updated }: Transfer,
  width: number,
  color: boolean,
): string {
  const seconds = (updated - started) / 1000;
  const known = seconds > 0 && total > 0
    ? ` ${size(total)} ${duration(seconds)}`
    : "";
  // Where there is little room, the name counts more.
  const moved = width < MIN_FULL_WIDTH ? "" : known;
  const text = fit(
    `${capitalise(phase).padEnd(VERB_WIDTH)} ${shortDigest(digest)} ${name}`,
    width - 3 - moved.length,
  );
  return `${color ? "\x1b[32m✓\x1b[0m" : "✓"} ${text}${moved}`;
}

/** A number of bytes with three digits, in steps of 1024. */
export function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A time in seconds, for people. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}m${whole % 60}s`
    : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}

/** Cuts a text that is too long for its place. */
function fit(text: string, width: number): string {
  return fitColumns(printable(text), width);
}
