import type {
  ProgressEvent,
  ProgressHook,
  ProgressPhase,
} from "../../../distribution/progress.ts";
import { AnnotationKeys } from "../../../image/annotations.ts";
import { printable } from "../_printable.ts";
import type { TransferView } from "./transfers.ts";

/** How {@linkcode StatusLines} print. */
export interface StatusLinesOptions {
  /** Prints a line. */
  readonly write: (line: string) => void;
  /** The width of the first column; nothing is printed where not given. */
  readonly width: number | undefined;
  /** Whether content without a name gets lines too. */
  readonly unnamed: boolean;
  /** Other words than those of the phases. */
  readonly verbs?: Partial<Record<ProgressPhase, string>> | undefined;
}

/** One line per step: what happens, the digest in short, and the name. */
export class StatusLines implements TransferView {
  /** Takes the steps. */
  readonly onProgress: ProgressHook;
  readonly #seen: Map<string, ProgressPhase> = new Map();

  /** Makes a view that prints as it is told. */
  constructor({ unnamed, verbs = {}, width, write }: StatusLinesOptions) {
    this.onProgress = (event) => {
      if (width === undefined || !this.#isNews(event)) return;
      const { descriptor: { digest }, phase } = event;
      const name = nameOf(event);
      // What is only prepared counts as having none yet.
      if (!unnamed && (name === undefined || digest === "")) return;
      const shown = printable(name ?? event.descriptor.mediaType);
      const verb = verbs[phase] ?? capitalise(phase);
      write(
        digest === ""
          ? `${verb} ${shown}`
          : `${verb.padEnd(width)} ${shortDigest(digest)} ${shown}`,
      );
    };
  }

  /** Nothing is left open. */
  [Symbol.dispose](): void {}

  #isNews({ descriptor, name, phase }: ProgressEvent): boolean {
    const key = `${descriptor.digest} ${name ?? ""}`;
    if (this.#seen.get(key) === phase) return false;
    this.#seen.set(key, phase);
    return true;
  }
}

/** The name that people know content by, where it has one. */
export function nameOf(
  { descriptor, name }: ProgressEvent,
): string | undefined {
  return name ?? descriptor.annotations?.[AnnotationKeys.title];
}

/** The first 12 digits of a sha256 digest; another digest as it is. */
export function shortDigest(digest: string): string {
  return digest.startsWith("sha256:") ? digest.slice(7, 19) : digest;
}

/** A phase's verb as lines begin with it. */
export function capitalise(phase: ProgressPhase): string {
  return phase[0]!.toUpperCase() + phase.slice(1);
}
