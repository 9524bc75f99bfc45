import { assertEquals, assertThrows } from "@std/assert";
import { encodeJson, JsonError, parseJson } from "@gantry/oci/image";

const encoder = new TextEncoder();

/** Texts that are refused: code, path and position. */
const REFUSED: [string, string, string, number][] = [
  ["", "JSON_INVALID", "$", 0],
  ["{", "JSON_INVALID", "$", 1],
  ['{"a":}', "JSON_INVALID", "$.a", 5],
  ['{"a" 1}', "JSON_INVALID", "$.a", 5],
  ['{"a":1,}', "JSON_INVALID", "$", 7],
  ["[1,2,]", "JSON_INVALID", "$[2]", 5],
  ["[1 2]", "JSON_INVALID", "$", 3],
  ['{"a":[{"b":tru}]}', "JSON_INVALID", "$.a[0].b", 11],
  ["{} {}", "JSON_INVALID", "$", 3],
  ["01", "JSON_INVALID", "$", 1],
  ['"\t"', "JSON_INVALID", "$", 0],
  ['"\\x"', "JSON_INVALID", "$", 0],
  ['"open', "JSON_INVALID", "$", 0],
  ["\ufeff{}", "JSON_INVALID", "$", 0],
  ["NaN", "JSON_INVALID", "$", 0],
  ['{"a":1,"a":1}', "JSON_DUPLICATE_KEY", "$.a", 7],
  ['{"a":{"b":1,"\\u0062":2}}', "JSON_DUPLICATE_KEY", "$.a.b", 12],
  ['[{"x.y":0,"x.y":0}]', "JSON_DUPLICATE_KEY", "$[0]['x.y']", 10],
  ['{"__proto__":1,"__proto__":2}', "JSON_DUPLICATE_KEY", "$.__proto__", 15],
  [
    "[".repeat(101) + "]".repeat(101),
    "JSON_TOO_DEEP",
    "$" + "[0]".repeat(100),
    100,
  ],
];

for (const [text, code, path, position] of REFUSED) {
  Deno.test(`parseJson() refuses ${JSON.stringify(text).slice(0, 40)} as ${code}`, () => {
    const error = assertThrows(
      () => parseJson(encoder.encode(text)),
      JsonError,
    );
    assertEquals(
      {
        code: error.code as string,
        path: error.path,
        position: error.position,
      },
      { code, path, position },
    );
  });
}

Deno.test("parseJson() gives what JSON.parse gives", () => {
  const texts = [
    "null",
    " [ 1 , -2.5e3 , true ] ",
    '{"a":{"a":{"a":"a"}},"b":[{"a":1},{"a":2}]}',
    '{"colon":"a:b","quote":"\\"","back\\\\slash":"\\\\","brace":"{[":1}'
      .replace(":1}", "}"),
    '{"":0,"__proto__":{"x":1},"constructor":1,"10":1,"9":1}',
    '"\\\\\\""',
    "[".repeat(100) + "]".repeat(100),
  ];
  for (const text of texts) {
    assertEquals(parseJson(encoder.encode(text)), JSON.parse(text));
  }
});

Deno.test("parseJson() finds duplicate keys in any document", () => {
  // A document made at random, and the same with one key written twice.
  let seed = 42;
  const random = (n: number) => (seed = seed * 48271 % 2147483647) % n;
  const make = (depth: number): string => {
    const kind = depth > 4 ? 2 : random(4);
    if (kind === 0) {
      const keys = new Set([...Array(random(5)).keys()].map((n) => `k${n}:"{`));
      return `{${
        [...keys].map((key) => `${JSON.stringify(key)}:${make(depth + 1)}`)
      }}`;
    }
    if (kind === 1) {
      return `[${[...Array(random(4))].map(() => make(depth + 1))}]`;
    }
    return ['"a:b\\\\"', "1", "null", '"\\",{"'][random(4)]!;
  };
  for (let round = 0; round < 300; round++) {
    const text = `{"first":${make(0)},"second":${make(0)}}`;
    assertEquals(parseJson(encoder.encode(text)), JSON.parse(text));
    const twice = text.replace(/\}$/, ',"first":0}');
    const error = assertThrows(
      () => parseJson(encoder.encode(twice)),
      JsonError,
    );
    assertEquals(error.path, "$.first");
  }
});

Deno.test("parseJson() refuses what is not UTF-8, and says where", () => {
  const bytes = encoder.encode('{"a":"xy"}');
  bytes[7] = 0xff;
  const error = assertThrows(() => parseJson(bytes), JsonError, "UTF-8");
  assertEquals(error.position, 7);
});

Deno.test("parseJson() keeps within its limits", () => {
  const bytes = encoder.encode("[[1]]");
  assertEquals(parseJson(bytes, { maxSize: 5, maxDepth: 2 }), [[1]]);
  const large = assertThrows(() => parseJson(bytes, { maxSize: 4 }), JsonError);
  assertEquals(large.code, "JSON_TOO_LARGE");
  const deep = assertThrows(() => parseJson(bytes, { maxDepth: 1 }), JsonError);
  assertEquals([deep.code, deep.path], ["JSON_TOO_DEEP", "$[0]"]);
  const whole = new Uint8Array(4 * 1024 * 1024 + 1).fill(0x20);
  whole[0] = 0x31;
  assertEquals(parseJson(whole.subarray(1).fill(0x31, 0, 1)), 1);
  assertThrows(() => parseJson(whole), JsonError, "at most 4194304 bytes");
});

Deno.test("parseJson() withstands nesting without end", () => {
  const bytes = encoder.encode("[".repeat(4 * 1024 * 1024));
  const error = assertThrows(() => parseJson(bytes), JsonError);
  assertEquals(error.code, "JSON_TOO_DEEP");
});

Deno.test("parseJson() keeps integers that a number would round", () => {
  const texts: [string, unknown][] = [
    ["9007199254740991", 9007199254740991],
    ["-9007199254740991", -9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740993", 9007199254740993n],
    ["-12345678901234567890", -12345678901234567890n],
    ["9223372036854775807", 9223372036854775807n],
    ["0000000000000000", undefined],
    ["12345678901234567890 1", undefined],
    ["-", undefined],
  ];
  for (const [text, expected] of texts) {
    const parse = () => parseJson(encoder.encode(text));
    if (expected === undefined) assertThrows(parse, JsonError);
    else assertEquals(parse(), expected);
  }
  const text =
    '{"a":[9007199254740993],"b":"12345678901234567890","c\\"1234567890123456789":{}}';
  const value = parseJson(encoder.encode(text));
  assertEquals(value, {
    a: [9007199254740993n],
    b: "12345678901234567890",
    'c"1234567890123456789': {},
  });
  assertEquals(new TextDecoder().decode(encodeJson(value)), text);
  // Fractions and powers are no integers, and stay what they are elsewhere.
  assertEquals(
    parseJson(encoder.encode("1234567890123456789.5")),
    1234567890123456789.5,
  );
  assertEquals(
    parseJson(encoder.encode("1234567890123456789e2")),
    123456789012345678900,
  );
});

Deno.test("parseJson() finds a key that stands twice beside a long integer", () => {
  const error = assertThrows(
    () => parseJson(encoder.encode('{"a":9007199254740993,"a":1}')),
    JsonError,
  );
  assertEquals(error.code, "JSON_DUPLICATE_KEY");
});
