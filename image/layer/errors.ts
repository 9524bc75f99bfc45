import { preview } from "../../digest/_preview.ts";
import { OciError, type OciErrorOptions } from "../../digest/oci_error.ts";

/** What is wrong with a layer. */
export type LayerErrorCode =
  | "LAYER_INVALID"
  | "LAYER_UNSAFE_ENTRY"
  | "LAYER_LIMIT_EXCEEDED"
  | "LAYER_CONFLICT"
  | "LAYER_SOURCE"
  /** The runtime, the user or the file system cannot do what was asked for. */
  | "LAYER_UNSUPPORTED";

/** A layer cannot be read, unpacked or made. */
export class LayerError extends OciError {
  /** The class's name. */
  override readonly name: string = "LayerError";
  /** What is wrong, for programs. */
  declare readonly code: LayerErrorCode;

  /** Makes an error with a code, a message for people, and a cause. */
  constructor(
    code: LayerErrorCode,
    message: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** An entry of a layer would reach out of the directory, or be what it must not. */
export class UnsafeEntryError extends LayerError {
  /** The class's name. */
  override readonly name = "UnsafeEntryError";
  /** The entry's name, as it stands in the archive. */
  readonly entry: string;
  /** What is wrong with it. */
  readonly reason: string;

  /** Makes an error that names the entry and the reason. */
  constructor(entry: string, reason: string, options?: OciErrorOptions) {
    super(
      "LAYER_UNSAFE_ENTRY",
      `Cannot unpack entry ${preview(entry)}: ${reason}`,
      options,
    );
    this.entry = entry;
    this.reason = reason;
  }
}

/** A layer is larger than it may be once unpacked. */
export class LayerLimitError extends LayerError {
  /** The class's name. */
  override readonly name = "LayerLimitError";

  /** Makes an error that names the limit. */
  constructor(limit: string) {
    super("LAYER_LIMIT_EXCEEDED", `Cannot unpack layer: expected ${limit}`);
  }
}
