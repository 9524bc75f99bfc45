import type { CommandError } from "./_errors.ts";

/** What a shell gives for a program that Ctrl-C ended: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

/** Waits for what ends a command before its work is done. */
export interface Interrupt {
  /** Ends at the first Ctrl-C, and when the time is up. */
  readonly signal: AbortSignal;
  /** What to say where the time is up. */
  readonly overdue: CommandError | undefined;
  /** Stops waiting. */
  stop(): void;
}

/** How long a command may take. */
export interface TimeLimit {
  /** The time, in milliseconds. */
  readonly milliseconds: number;
  /** What to say when it is up. */
  readonly reason: CommandError;
}

/** When a command is ended. */
export interface InterruptOptions {
  /** The exit code at the second Ctrl-C. */
  readonly code: number;
  /** How long it may take; no limit where not given. */
  readonly limit?: TimeLimit | undefined;
  /** Called before the program is ended although the command goes on. */
  readonly onOverdue: (reason: CommandError) => void;
}

/** How long a command may clean up when its time is up, in milliseconds. */
const GRACE = 1000;

/** The longest time that a timer can be set to, some 24 days. */
const LONGEST = 2 ** 31 - 1;

/**
 * Turns Ctrl-C (SIGINT) and SIGTERM into an abort, so that the command can clean
 * up; a second one ends the program at once. The end of its time is an abort too,
 * and ends the program soon after.
 */
export function listenForInterrupt(options: InterruptOptions): Interrupt {
  const { code, limit, onOverdue } = options;
  const controller = new AbortController();
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  let overdue: CommandError | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  function onSignal(): void {
    if (controller.signal.aborted) Deno.exit(code);
    controller.abort(new DOMException("Interrupted", "AbortError"));
  }
  function onLimit(reason: CommandError): void {
    overdue = reason;
    controller.abort(reason);
    timer = setTimeout(() => {
      onOverdue(reason);
      Deno.exit(1);
    }, GRACE);
  }
  if (limit !== undefined && limit.milliseconds <= LONGEST) {
    timer = setTimeout(onLimit, limit.milliseconds, limit.reason);
  }
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return {
    signal: controller.signal,
    get overdue(): CommandError | undefined {
      return overdue;
    },
    stop(): void {
      clearTimeout(timer);
      for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
    },
  };
}
