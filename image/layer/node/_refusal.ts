import { errorCode } from "../../../digest/_error_code.ts";
import { LayerError } from "../errors.ts";

/** Why a path cannot be packed. */
export function refusal(path: string, reason: string): LayerError {
  return new LayerError("LAYER_SOURCE", `Cannot pack ${path}: ${reason}`);
}

/** The refusal of a file that is not what it was when it was looked at. */
export function changed(path: string): LayerError {
  return refusal(path, "expected its size to stay, but it changed");
}

/** The refusal of something whose place is empty or another's by now. */
export function replaced(path: string, cause?: unknown): LayerError {
  return new LayerError(
    "LAYER_SOURCE",
    `Cannot pack ${path}: expected it to stay, but it is gone or something else`,
    { cause },
  );
}

/** What a system says of a place where something else was seen before. */
const GONE: ReadonlySet<unknown> = new Set([
  "EINVAL",
  "EISDIR",
  "ELOOP",
  "ENOENT",
  "ENOTDIR",
  "ENXIO",
]);

/** What an error means at a path where something was seen before. */
export function explain(error: unknown, path: string): unknown {
  return GONE.has(errorCode(error)) ? replaced(path, error) : error;
}
