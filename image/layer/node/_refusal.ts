import { LayerError } from "../errors.ts";

/** Why a path cannot be packed. */
export function refusal(path: string, reason: string): LayerError {
  return new LayerError("LAYER_SOURCE", `Cannot pack ${path}: ${reason}`);
}

/** The refusal of a file that is not what it was when it was looked at. */
export function changed(path: string): LayerError {
  return refusal(path, "expected its size to stay, but it changed");
}
