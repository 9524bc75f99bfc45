import { statSync } from "node:fs";
import { delimiter, join } from "node:path";

const answers = new Map<string, boolean>();

/**
 * Says whether a program is on the PATH, for `ignore: !found("skopeo")`.
 *
 * What is missing is told once on stderr, so that no test is left out in
 * silence.
 */
export function found(name: string): boolean {
  let answer = answers.get(name);
  if (answer === undefined) {
    answer = programPath(name) !== undefined;
    answers.set(name, answer);
    if (!answer) {
      // deno-lint-ignore no-console
      console.error(`No ${name} on the PATH: tests that need it are ignored`);
    }
  }
  return answer;
}

/** The path of a program, or `undefined` where the PATH has none. */
export function programPath(name: string): string | undefined {
  for (const folder of (Deno.env.get("PATH") ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (folder !== "" && isProgram(path)) return path;
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    const info = statSync(path);
    return info.isFile() && (info.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}
