import { type Measured, median } from "./measure.ts";

/** All rounds of one tool in one scenario. */
export interface Row {
  /** What was done. */
  readonly scenario: string;
  /** Who did it. */
  readonly tool: string;
  /** One entry per round. */
  readonly rounds: readonly Measured[];
}

const HEAD = ["scenario", "tool", "n", "wall", "ratio", "cpu s", "memory MB"];

/**
 * Draws medians, and their ratios to the peer: oras where it ran, else whoever
 * stands last.
 */
export function drawTable(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map((row) => drawRow(row, rows))];
  const widths = HEAD.map((_, column) =>
    Math.max(...cells.map((line) => line[column]!.length))
  );
  return cells.map((line) =>
    line.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ")
  ).join("\n");
}

function drawRow(row: Row, rows: readonly Row[]): string[] {
  const wall = medianOf(row, "wall");
  const peers = rows.filter(({ scenario }) => scenario === row.scenario);
  const peer = peers.find(({ tool }) => tool === "oras") ?? peers.at(-1)!;
  return [
    row.scenario,
    row.tool,
    String(row.rounds.length),
    duration(wall),
    (wall / medianOf(peer, "wall")).toFixed(2),
    number(medianOf(row, "cpu"), 2),
    number(medianOf(row, "memory"), 0),
  ];
}

function duration(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(3)} s`;
  return `${(seconds * 1000).toFixed(seconds < 0.01 ? 3 : 1)} ms`;
}

function medianOf(row: Row, key: keyof Measured): number {
  return median(row.rounds.map((round) => round[key]));
}

function number(value: number, digits: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}
