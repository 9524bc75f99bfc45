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
 * Turns Ctrl-C (SIGINT), SIGTERM and the end of the terminal (SIGHUP) into an abort,
 * so that the command can clean up; a second one ends the program at once. The end of its time is an abort too,
 * and ends the program soon after.
 */
export function listenForInterrupt(options: InterruptOptions): Interrupt {
  const { code, limit, onOverdue } = options;
  const controller = new AbortController();
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  // The runtime takes SIGHUP as soon as anything is listened for.
  const survivesHangup = isHangupIgnored();
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
  function onHangup(): void {
    if (!survivesHangup) onSignal();
  }
  const listenerOf = (signal: Deno.Signal) =>
    signal === "SIGHUP" ? onHangup : onSignal;
  for (const signal of signals) {
    Deno.addSignalListener(signal, listenerOf(signal));
  }
  return {
    signal: controller.signal,
    get overdue(): CommandError | undefined {
      return overdue;
    },
    stop(): void {
      clearTimeout(timer);
      for (const signal of signals) {
        Deno.removeSignalListener(signal, listenerOf(signal));
      }
    },
  };
}

/** Whether the end of the terminal is not to end the program, as with `nohup`. */
function isHangupIgnored(): boolean {
  if (Deno.build.os !== "linux") return false;
  const path = "/proc/self/status";
  try {
    // Asked for first, since reading without leave could ask the user.
    const { state } = Deno.permissions.querySync({ name: "read", path });
    return state === "granted" && ignoresHangup(Deno.readTextFileSync(path));
  } catch {
    return false;
  }
}

/** Whether a process ignores SIGHUP, by what Linux tells of it. */
export function ignoresHangup(status: string): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  // SIGHUP is number 1, the lowest bit.
  return mask !== undefined && /[13579bdf]$/.test(mask);
}
