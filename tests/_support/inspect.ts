/**
 * What a value shows where it is printed: by the runtime's own inspection under Deno
 * and Node, and elsewhere all that its properties reach, causes of errors included.
 */
export function inspect(value: unknown): string {
  const { Deno: deno, process } = globalThis as Runtime;
  if (deno?.inspect !== undefined) {
    return deno.inspect(value, { depth: 10, strAbbreviateSize: Infinity });
  }
  const util = process?.getBuiltinModule?.("node:util");
  return util?.inspect(value, { depth: 10, maxStringLength: Infinity }) ??
    [...reachable(value)].join("\n");
}

interface Runtime {
  readonly Deno?: Inspector;
  readonly process?: { getBuiltinModule?(name: string): Inspector };
}

interface Inspector {
  inspect(value: unknown, options: Record<string, unknown>): string;
}

function* reachable(
  value: unknown,
  seen: Set<unknown> = new Set(),
): Iterable<string> {
  if (typeof value !== "object" || value === null) {
    yield String(value);
    return;
  }
  if (seen.has(value)) return;
  seen.add(value);
  const entries: [string, unknown][] = Object.entries(value);
  if (value instanceof Error) {
    const { cause, message, name, stack } = value;
    entries.push(...Object.entries({ name, message, stack, cause }));
  }
  if (isPairs(value)) entries.push(["entries", [...value]]);
  for (const [key, content] of entries) {
    yield key;
    yield* reachable(content, seen);
  }
}

function isPairs(value: object): value is Iterable<unknown> {
  return [Map, Set, Headers, URLSearchParams].some((kind) =>
    value instanceof kind
  );
}
