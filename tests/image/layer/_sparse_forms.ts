import { GNU, header, octal, padded, pax, record } from "./_tar_blocks.ts";

/** Parts of a file: where they stand, and their text. */
export type Parts = readonly (readonly [number, string])[];

export const SIZE: number = 200_000;
export const PARTS: Parts = [[1000, "first"], [70_000, "x".repeat(700)], [
  SIZE - 4,
  "last",
]];

export function whole(parts: Parts, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (const [offset, text] of parts) {
    bytes.set(new TextEncoder().encode(text), offset);
  }
  return bytes;
}

export const stored: string = PARTS.map(([, text]) => text).join("");
export const numbers: readonly number[] = PARTS.flatMap((
  [offset, text],
) => [offset, text.length]);

function places(values: readonly number[], start: number) {
  return Object.fromEntries(
    values.map((value, index) => [start + index * 12, octal(value)]),
  );
}

/** An archive in GNU's old form; what does not fit the header goes into a further block. */
export function oldForm(
  values: readonly number[],
  content: string,
  size: number = SIZE,
): Uint8Array[] {
  const more = values.length > 8;
  const block = header({
    name: "holes",
    flag: "S",
    magic: GNU,
    size: octal(content.length),
    more: {
      ...places(values.slice(0, 8), 386),
      ...more && { 482: "\x01" },
      483: octal(size),
    },
  });
  const further = new Uint8Array(512);
  for (const [at, text] of Object.entries(places(values.slice(8), 0))) {
    further.set(new TextEncoder().encode(text), Number(at));
  }
  return [block, ...more ? [further] : [], padded(content)];
}

export function paxForm(
  records: Readonly<Record<string, string | number>>,
  content: string,
  repeated: readonly (readonly [string, number])[] = [],
): Uint8Array[] {
  const all = [
    ...Object.entries(records).map(([key, value]) => [key, value] as const),
    ...repeated,
  ];
  return [
    pax(all.map(([key, value]) => record(`GNU.sparse.${key}`, String(value)))),
    header({ name: "GNUSparseFile.0/holes", size: octal(content.length) }),
    padded(content),
  ];
}

export function lines(values: readonly number[]): string {
  const text = `${values.length / 2}\n${values.map((n) => `${n}\n`).join("")}`;
  return text.padEnd(Math.ceil(text.length / 512) * 512, "\0");
}

export const V1: Readonly<Record<string, string | number>> = {
  major: 1,
  minor: 0,
  name: "holes",
  realsize: SIZE,
};
export const many: readonly number[] = Array.from(
  { length: 100 },
  (_, index) => [index * 500, 1],
)
  .flat();

export const good: Readonly<Record<string, readonly Uint8Array[]>> = {
  "GNU's old form": oldForm([...numbers, SIZE, 0], stored),
  "GNU's old form with a further block": oldForm(
    [...numbers.slice(0, 2), 2000, 0, 3000, 0, 4000, 0, ...numbers.slice(2)],
    stored,
  ),
  "PAX 0.0": paxForm(
    { size: SIZE, numblocks: 3 },
    stored,
    numbers.map((value, index) => [
      index % 2 === 0 ? "offset" : "numbytes",
      value,
    ]),
  ).with(1, header({ name: "holes", size: octal(stored.length) })),
  "PAX 0.1": paxForm(
    { size: SIZE, numblocks: 3, map: numbers.join(), name: "holes" },
    stored,
  ),
  "PAX 1.0": paxForm(V1, lines(numbers) + stored),
};
