import { compareCodePoints } from "./_code_points.ts";
import { type Field, recogniseShape, type Shape } from "./_shapes.ts";

/**
 * Serialises what this package creates, byte for byte as Go's encoder would, so
 * that digests agree with those that other tools compute of the same content.
 *
 * Manifests, indexes, descriptors, platforms and image configs are recognised at
 * any depth and written in the specification's field order without empty optional
 * fields; fields that the specification does not know follow in the order given.
 * Annotations and labels are sorted by key. Other objects keep their order.
 *
 * What came from a registry is never serialised again: its bytes are kept.
 *
 * @throws {TypeError} The value, or a part of it, has no JSON form.
 *
 * @example Order and escaping
 * ```ts
 * import { encodeJson } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const digest =
 *   "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
 * const bytes = encodeJson({
 *   size: 2,
 *   annotations: { b: "<&>", a: "" },
 *   digest,
 *   mediaType: "text/plain",
 *   urls: [],
 * });
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   `{"mediaType":"text/plain","digest":"${digest}","size":2,` +
 *     `"annotations":{"a":"","b":"\\u003c\\u0026\\u003e"}}`,
 * );
 * ```
 */
export function encodeJson(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(write(value, undefined));
}

function write(value: unknown, known: Shape | undefined): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return quote(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      if (!Number.isFinite(value)) {
        throw new TypeError(`Cannot encode ${value} as JSON`);
      }
      return JSON.stringify(value);
    case "object":
      break;
    default:
      throw new TypeError(`Cannot encode a ${typeof value} as JSON`);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => write(item, known)).join()}]`;
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return write(value.toJSON(), known);
  }
  return writeObject(value as Readonly<Record<string, unknown>>, known);
}

function writeObject(
  value: Readonly<Record<string, unknown>>,
  known: Shape | undefined,
): string {
  const shape = known ?? recogniseShape(value);
  const members: string[] = [];
  function add(key: string, text: string): void {
    members.push(`${quote(key)}:${text}`);
  }
  for (const field of shape?.values() ?? []) {
    if (!Object.hasOwn(value, field.key)) continue;
    const item = value[field.key];
    if (item === undefined || field.omitEmpty && isEmpty(item, field)) continue;
    add(
      field.key,
      field.map && item !== null
        ? writeMap(item as Readonly<Record<string, unknown>>)
        : write(item, field.shape),
    );
  }
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item === undefined || shape?.has(key)) continue;
    add(key, write(item, undefined));
  }
  return `{${members.join()}}`;
}

function writeMap(map: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(map).filter((key) => map[key] !== undefined);
  const members = keys.sort(compareCodePoints).map((key) =>
    `${quote(key)}:${write(map[key], undefined)}`
  );
  return `{${members.join()}}`;
}

/** What Go's `omitempty` leaves away: it keeps an empty struct and drops an empty map. */
function isEmpty(value: unknown, field: Field): boolean {
  if (value === null || value === "" || value === 0 || value === false) {
    return true;
  }
  if (Array.isArray(value)) return value.length === 0;
  return field.map && Object.keys(value as object).length === 0;
}

/** The characters that Go's encoder escapes for the sake of HTML and JavaScript. */
const ESCAPED = /[<>&\u2028\u2029]/g;

function quote(text: string): string {
  const quoted = JSON.stringify(text.toWellFormed());
  return quoted.replaceAll(
    ESCAPED,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
