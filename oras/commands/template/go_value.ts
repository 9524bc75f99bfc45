/** An object of JSON, or a dictionary that a template made. */
export type GoMap = Readonly<Record<string, unknown>>;

/** Whether a value is what Go would call a map. */
export function isMap(value: unknown): value is GoMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is nothing: Go's nil, or a key that is not there. */
export function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The value of a map's key; its own keys only. */
export function valueAt(map: GoMap, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The keys of a map in the order in which Go prints and walks them: by their bytes. */
export function sortedKeys(map: GoMap): string[] {
  return Object.keys(map).sort(compareBytes);
}

/** Compares strings as Go does, by their UTF-8: UTF-16 sorts a few characters otherwise. */
export function compareBytes(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (const [index, char] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (char !== other) return char.codePointAt(0)! - other.codePointAt(0)!;
  }
  return left.length - right.length;
}

/** Whether a value counts as true: anything but false, 0, nothing, and what is empty. */
export function isTrue(value: unknown): boolean {
  if (isMap(value)) return Object.keys(value).length > 0;
  if (Array.isArray(value)) return value.length > 0;
  // 0n too.
  return Boolean(value);
}

/**
 * What Go calls the type of a value. A number without fraction is an `int` here, where
 * oras has every number of JSON as a `float64`.
 */
export function typeName(value: unknown): string {
  if (isNil(value)) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return Number.isInteger(value) ? "int" : "float64";
    default:
      return "map[string]interface {}";
  }
}
