import { OciError } from "../digest/oci_error.ts";

/** What is wrong with a JSON text. */
export type JsonErrorCode =
  | "JSON_INVALID"
  | "JSON_DUPLICATE_KEY"
  | "JSON_TOO_DEEP"
  | "JSON_TOO_LARGE";

/**
 * A text is not the JSON that the specification demands.
 *
 * @example
 * ```ts
 * import { JsonError, parseJson } from "@gantry/oci/image";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode('{"layers":[{"size":1,}]}');
 * const error = assertThrows(() => parseJson(bytes), JsonError);
 * assertEquals([error.code, error.path], ["JSON_INVALID", "$.layers[0]"]);
 * ```
 */
export class JsonError extends OciError {
  /** The class's name. */
  override readonly name = "JsonError";
  /** What is wrong, for programs. */
  declare readonly code: JsonErrorCode;
  /** Where in the document, in the style of RFC 9535: `$.layers[0].digest`. */
  readonly path: string;
  /** Where in the text, in UTF-16 units from its start; in bytes where the text is not UTF-8 or too large. */
  readonly position: number;

  /** Makes an error that names the place. */
  constructor(
    code: JsonErrorCode,
    reason: string,
    path: string,
    position: number,
  ) {
    super(
      code,
      `Cannot parse JSON at ${path} (position ${position}): ${reason}`,
    );
    this.path = path;
    this.position = position;
  }
}
