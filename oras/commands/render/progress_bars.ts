import type {
  ProgressEvent,
  ProgressHook,
  ProgressPhase,
} from "../../../distribution/progress.ts";
import { nameOf } from "./status_lines.ts";
import { finishedLine, liveLine, type Transfer } from "./transfer_line.ts";
import type { TransferView } from "./transfers.ts";

/** Where {@linkcode ProgressBars} draw. */
export interface ProgressBarsOptions {
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
  /** The terminal's width. */
  readonly columns: () => number;
  /** The terminal's height. */
  readonly rows: () => number;
  /** Whether to use colours. */
  readonly color: boolean;
}

/** Milliseconds between two drawings. */
const INTERVAL = 100;
/** The span that speeds are measured over, in milliseconds. */
const SPEED_SPAN = 2_000;

const FINISHED: ReadonlySet<ProgressPhase> = new Set<ProgressPhase>([
  "uploaded",
  "downloaded",
  "exists",
  "skipped",
  "mounted",
  "restored",
  "copied",
]);

/**
 * A bar for each transfer that runs, redrawn in place; what has ended becomes a
 * line above them. The cursor stays visible, so there is nothing to restore.
 */
export class ProgressBars implements TransferView {
  /** Takes the steps. */
  readonly onProgress: ProgressHook;
  readonly #options: ProgressBarsOptions;
  readonly #live: Map<string, Transfer> = new Map();
  #finished: Transfer[] = [];
  #drawn = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Makes a view that draws as it is told. */
  constructor(options: ProgressBarsOptions) {
    this.#options = options;
    this.onProgress = (event) => this.#take(event, performance.now());
  }

  /** Draws for the last time. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #take(event: ProgressEvent, now: number): void {
    this.#timer ??= setInterval(() => this.#draw(), INTERVAL);
    const { descriptor, phase, total, transferred } = event;
    const key = nameOf(event) ?? descriptor.digest;
    const name = nameOf(event) ?? descriptor.mediaType;
    let transfer = this.#live.get(key);
    if (transfer?.phase !== phase && !FINISHED.has(phase)) {
      transfer = {
        name,
        phase,
        digest: descriptor.digest,
        started: now,
        updated: now,
        transferred,
        total,
        speed: 0,
      };
      this.#live.set(key, transfer);
      return;
    }
    transfer ??= {
      name,
      phase,
      digest: descriptor.digest,
      started: now,
      updated: now,
      transferred,
      total,
      speed: 0,
    };
    measure(transfer, event, now);
    if (FINISHED.has(phase)) {
      this.#live.delete(key);
      this.#finished.push({ ...transfer, phase });
    }
  }

  #draw(): void {
    const { color, columns, rows, write } = this.#options;
    // A line that does not fit would take two rows, and not be drawn over.
    const width = Math.max(8, columns());
    const now = performance.now();
    const running = [...this.#live.values()]
      .filter(({ phase }) => phase !== "processing")
      .slice(-Math.max(1, rows() - 2));
    if (this.#finished.length + running.length + this.#drawn === 0) return;
    const lines = [
      ...this.#finished.map((transfer) => finishedLine(transfer, width, color)),
      ...running.map((transfer) => liveLine(transfer, width, now)),
    ];
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    write(`${up}\r\x1b[J${lines.map((line) => `${line}\n`).join("")}`);
    this.#finished = [];
    this.#drawn = running.length;
  }
}

/** Takes over what has moved, and smooths the speed. */
function measure(
  transfer: Transfer,
  { total, transferred }: ProgressEvent,
  now: number,
): void {
  const elapsed = now - transfer.updated;
  const moved = transferred - transfer.transferred;
  if (elapsed > 0 && moved >= 0) {
    const weight = 1 - Math.exp(-elapsed / SPEED_SPAN);
    const age = now - transfer.started;
    transfer.speed = age < SPEED_SPAN
      ? transferred / age * 1000
      : transfer.speed + weight * (moved / elapsed * 1000 - transfer.speed);
    transfer.updated = now;
  }
  transfer.transferred = transferred;
  transfer.total = total;
}
