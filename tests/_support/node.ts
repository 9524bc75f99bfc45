import { delimiter, join } from "node:path";
import { spawnSync } from "node:child_process";

/** The oldest Node that the library runs under. */
export const OLDEST_NODE = 22;

let answer: string | undefined | null = null;

/**
 * The path of a Node that is new enough: the first on the PATH, which may hold older
 * ones before it. Where there is none, that is told once on stderr.
 */
export function recentNode(): string | undefined {
  if (answer === null) {
    answer = (Deno.env.get("PATH") ?? "").split(delimiter)
      .filter((folder) => folder !== "")
      .map((folder) => join(folder, "node"))
      .find((path) => majorOf(path) >= OLDEST_NODE);
    if (answer === undefined) {
      // deno-lint-ignore no-console
      console.error(
        `No Node ${OLDEST_NODE} on the PATH: tests that need it are ignored`,
      );
    }
  }
  return answer;
}

function majorOf(path: string): number {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return Number(/^v(\d+)\./.exec(stdout ?? "")?.[1] ?? 0);
}
