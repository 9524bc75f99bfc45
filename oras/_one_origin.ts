import type { ConfigInput } from "./layer.ts";

/** Refuses what has both a path and content, or neither. */
export function checkOneOrigin(what: string, input: ConfigInput): void {
  if ((input.path === undefined) === (input.content === undefined)) {
    throw new TypeError(
      `Cannot push ${what}: exactly one of path and content is needed`,
    );
  }
}
