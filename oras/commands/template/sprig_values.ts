import type { TemplateFunction } from "./evaluate.ts";
import { show } from "./go_print.ts";
import {
  type GoMap,
  isMap,
  isNil,
  isTrue,
  sortedKeys,
  typeName,
  valueAt,
} from "./go_value.ts";
import { integer, string } from "./sprig_strings.ts";

/** The functions of the sprig library that work on numbers, lists and maps, by its names and argument orders. */
export const SPRIG_VALUES: Readonly<Record<string, TemplateFunction>> = {
  default: (preset, ...values) => isTrue(values[0]) ? values[0] : preset,
  empty: (value) => !isTrue(value),
  coalesce: (...values) => values.find(isTrue),
  all: (...values) => values.every(isTrue),
  any: (...values) => values.some(isTrue),
  kindOf: kind,
  kindIs: (name, value) => kind(value) === name,
  typeOf: typeName,
  typeIs: (name, value) => typeName(value) === name,
  typeIsLike: (name, value) =>
    typeName(value) === name || `*${typeName(value)}` === name,
  deepEqual: (a, b) => isSame(a, b),
  deepCopy: (value) => structuredClone(value),
  int: toInteger,
  int64: toInteger,
  float64: toFloat,
  atoi: (text) => /^[+-]?\d+$/.test(string(text)) ? Number(text) : 0,
  add: (...values) => values.reduce<number>((sum, n) => sum + toInteger(n), 0),
  add1: (value) => toInteger(value) + 1,
  sub: (a, b) => toInteger(a) - toInteger(b),
  mul: (...values) =>
    values.reduce<number>((product, n) => product * toInteger(n), 1),
  div: (a, b) => Math.trunc(toInteger(a) / divisor(b)),
  mod: (a, b) => toInteger(a) % divisor(b),
  max: (...values) => Math.max(...values.map(toInteger)),
  min: (...values) => Math.min(...values.map(toInteger)),
  biggest: (...values) => Math.max(...values.map(toInteger)),
  addf: (...values) => values.reduce<number>((sum, n) => sum + toFloat(n), 0),
  add1f: (value) => toFloat(value) + 1,
  subf: (first, ...values) =>
    values.reduce<number>((rest, n) => rest - toFloat(n), toFloat(first)),
  mulf: (first, ...values) =>
    values.reduce<number>((product, n) => product * toFloat(n), toFloat(first)),
  divf: (first, ...values) =>
    values.reduce<number>((rest, n) => rest / toFloat(n), toFloat(first)),
  maxf: (...values) => Math.max(...values.map(toFloat)),
  minf: (...values) => Math.min(...values.map(toFloat)),
  floor: (value) => Math.floor(Number(value)),
  ceil: (value) => Math.ceil(Number(value)),
  round: (value, places, upFrom = 0.5) => {
    const factor = 10 ** integer(places);
    const scaled = Number(value) * factor;
    const whole = Math.trunc(scaled);
    // As in sprig, half goes away from zero, unless the caller says from where on.
    const isUp = Math.abs(scaled - whole) >= Number(upFrom);
    return (whole + (isUp ? Math.sign(scaled) : 0)) / factor;
  },
  until: (count) => range(0, integer(count), integer(count) < 0 ? -1 : 1),
  untilStep: (start, stop, step) =>
    range(integer(start), integer(stop), integer(step)),
  seq: (...bounds) => sequence(bounds.map(integer)).join(" "),
  list: (...values) => values,
  tuple: (...values) => values,
  first: (value) => list(value)[0],
  last: (value) => list(value).at(-1),
  rest: (value) => list(value).slice(1),
  initial: (value) => list(value).slice(0, -1),
  append: (value, item) => [...list(value), item],
  push: (value, item) => [...list(value), item],
  prepend: (value, item) => [item, ...list(value)],
  concat: (...lists) => lists.flatMap(list),
  reverse: (value) => list(value).toReversed(),
  compact: (value) => list(value).filter(isTrue),
  uniq: (value) =>
    list(value).filter((item, index, items) =>
      items.findIndex((other) => isSame(other, item)) === index
    ),
  without: (value, ...items) =>
    list(value).filter((item) => !items.some((other) => isSame(item, other))),
  has: (item, value) =>
    !isNil(value) && list(value).some((other) => isSame(item, other)),
  chunk: (size, value) => {
    const items = list(value);
    const width = Math.max(1, integer(size));
    return Array.from(
      { length: Math.ceil(items.length / width) },
      (_, at) => items.slice(at * width, (at + 1) * width),
    );
  },
  slice: (value, ...bounds) => {
    const items = list(value);
    const [start = 0, end = items.length] = bounds.map(integer);
    if (start < 0 || start > end || end > items.length) {
      throw new Error("slice index out of bounds");
    }
    return items.slice(start, end);
  },
  dict: (...pairs) =>
    Object.fromEntries(
      Array.from({ length: Math.ceil(pairs.length / 2) }, (_, index) => [
        show(pairs[index * 2]),
        index * 2 + 1 < pairs.length ? pairs[index * 2 + 1] : "",
      ]),
    ),
  get: (value, key) => valueAt(map(value), string(key)) ?? "",
  set: (value, key, item) => change(value, [[string(key), item]]),
  unset: (value, key) => {
    const target = map(value);
    Reflect.deleteProperty(target, string(key));
    return target;
  },
  // The first map wins, or the last.
  merge: (...maps) => mergeInto(maps, false),
  mergeOverwrite: (...maps) => mergeInto(maps, true),
  hasKey: (value, key) => Object.hasOwn(map(value), string(key)),
  keys: (...maps) => maps.flatMap((value) => sortedKeys(map(value))),
  values: (value) => sortedKeys(map(value)).map((key) => map(value)[key]),
  pick: (value, ...keys) =>
    Object.fromEntries(
      Object.entries(map(value)).filter(([key]) => keys.includes(key)),
    ),
  omit: (value, ...keys) => omit(map(value), keys.map(string)),
  pluck: (key, ...maps) =>
    maps.map((value) => valueAt(map(value), string(key)))
      .filter((item) => item !== undefined),
  dig: (...parameters) => {
    const value = parameters.at(-1);
    const preset = parameters.at(-2);
    let item: unknown = value;
    for (const key of parameters.slice(0, -2)) {
      item = isMap(item) ? valueAt(item, string(key)) : undefined;
      if (item === undefined) return preset;
    }
    return item;
  },
};

function kind(value: unknown): string {
  if (isNil(value)) return "invalid";
  if (Array.isArray(value)) return "slice";
  return isMap(value) ? "map" : typeName(value);
}

function toFloat(value: unknown): number {
  return Number(value ?? 0) || 0;
}

/** An integer made of a value, 0 where it stands for none. */
function toInteger(value: unknown): number {
  if (value === true) return 1;
  const number = typeof value === "string" && value.trim() === ""
    ? 0
    : Number(value);
  return Number.isFinite(number) ? Math.trunc(number) : 0;
}

function divisor(value: unknown): number {
  const number = toInteger(value);
  if (number === 0) throw new Error("integer divide by zero");
  return number;
}

/** So many elements may a range of numbers have. */
const RANGE_LIMIT = 1_000_000;

function range(start: number, stop: number, step: number): number[] {
  const count = step === 0 ? 0 : Math.ceil((stop - start) / step);
  if (count > RANGE_LIMIT) throw new Error(`a list of ${count} is too long`);
  return Array.from(
    { length: Math.max(0, count) },
    (_, index) => start + index * step,
  );
}

/** `stop`, `start stop` or `start step stop`; the stop is part of it. */
function sequence(bounds: readonly number[]): number[] {
  if (bounds.length === 0 || bounds.length > 3) return [];
  const [start, stop] = bounds.length === 1
    ? [1, bounds[0]!]
    : [bounds[0] ?? 0, bounds.at(-1) ?? -1];
  const step = bounds.length === 3 ? bounds[1]! : stop < start ? -1 : 1;
  if (step === 0) return [];
  return range(start, stop + Math.sign(step), step);
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(
    `list should be type of slice or array but ${typeName(value)}`,
  );
}

function map(value: unknown): GoMap {
  if (isMap(value)) return value;
  throw new Error(
    `wrong type for value; expected map[string]interface {}; got ${
      typeName(value)
    }`,
  );
}

/** Sets members of a map, as sprig does: of the map itself, whoever else holds it. */
function change(
  value: unknown,
  members: readonly (readonly [string, unknown])[],
): GoMap {
  const target = map(value);
  for (const [key, item] of members) {
    // Whatever its name is, it becomes a member like the others.
    Object.defineProperty(target, key, {
      value: item,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return target;
}

function mergeInto(
  [first, ...others]: readonly unknown[],
  overwrite: boolean,
): GoMap {
  const target = map(first);
  for (const other of others) {
    for (const [key, item] of Object.entries(map(other))) {
      const present = valueAt(target, key);
      if (isMap(present) && isMap(item)) mergeInto([present, item], overwrite);
      else if (overwrite ? isTrue(item) : !isTrue(present)) {
        change(target, [[key, item]]);
      }
    }
  }
  return target;
}

function omit(value: GoMap, keys: readonly string[]): GoMap {
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !keys.includes(key)),
  );
}

function isSame(a: unknown, b: unknown): boolean {
  return typeName(a) === typeName(b) && show(a) === show(b);
}
