import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import {
  Digest,
  DigestAmbiguousError,
  DigestError,
  DigestNotFoundError,
  DigestSet,
  DigestUnsupportedError,
} from "@gantry/oci/digest";

function fill(algorithm: string, start: string): string {
  const length = { sha256: 64, sha384: 96, sha512: 128 }[algorithm]!;
  return `${algorithm}:${start.padEnd(length, "0")}`;
}

const ONE = fill("sha256", "12345");
const TWO = fill("sha256", "1234");
const THREE = fill("sha256", "12346");
const FOUR = fill("sha256", "54321");
const FIVE = fill("sha512", "6543");
const SIX = fill("sha512", "12345");
const ALL = [ONE, TWO, THREE, FOUR, FIVE, SIX];

Deno.test("DigestSet.add() adds a digest once", () => {
  const set = new DigestSet();
  assert(set.add(ONE));
  assertFalse(set.add(ONE));
  assertFalse(set.add(Digest.parse(ONE)));
  assertEquals(set.size, 1);
  assert(set.has(ONE) && set.has(new Digest(ONE)));
});

Deno.test("DigestSet.add() refuses what is no digest, and stays as it was", () => {
  const set = new DigestSet([ONE]);
  for (const text of ["", "12345", "sha256:12345"]) {
    assertThrows(() => set.add(text), DigestError);
  }
  assertThrows(() => set.add(new Digest("foo:bar")), DigestUnsupportedError);
  assertEquals([...set].map(String), [ONE]);
});

const NOT_FOUND = DigestNotFoundError;
const AMBIGUOUS = DigestAmbiguousError;
const LOOKUPS: [string, string | typeof NOT_FOUND | typeof AMBIGUOUS][] = [
  [ONE, ONE],
  [FIVE, FIVE],
  ["54", FOUR],
  ["5", FOUR],
  ["654", FIVE],
  ["sha512:6", FIVE],
  ["sha256:12346", THREE],
  ["sha512:1234", SIX],
  ["12340", TWO],
  ["sha256:12345", ONE],
  ["1234", AMBIGUOUS],
  ["12345", AMBIGUOUS],
  ["sha256:1234", AMBIGUOUS],
  // All 64 digits of one, and the first 64 of another.
  [ONE.slice("sha256:".length), AMBIGUOUS],
  ["", NOT_FOUND],
  ["sha256:", NOT_FOUND],
  [":54", NOT_FOUND],
  ["9", NOT_FOUND],
  ["0", NOT_FOUND],
  ["sha512:54", NOT_FOUND],
  ["sha384:12", NOT_FOUND],
  ["foo:12", NOT_FOUND],
  ["sha256:54:", NOT_FOUND],
  [`${ONE}0`, NOT_FOUND],
  ["SHA256:54", NOT_FOUND],
];

for (const [prefix, expected] of LOOKUPS) {
  const answer = typeof expected === "string" ? "finds" : "refuses";
  Deno.test(`DigestSet.lookup() ${answer} ${JSON.stringify(prefix).slice(0, 30)} (${prefix.length} characters)`, () => {
    const set = new DigestSet(ALL);
    if (typeof expected === "string") {
      assertEquals(String(set.lookup(prefix)), expected);
      return;
    }
    const error = assertThrows(() => set.lookup(prefix), DigestError);
    assertInstanceOf(error, expected);
    assertEquals(error.digest, prefix);
    assertEquals(
      error.code,
      expected === NOT_FOUND ? "DIGEST_NOT_FOUND" : "DIGEST_AMBIGUOUS",
    );
  });
}

Deno.test("DigestSet.lookup() names two digests that fit", () => {
  const error = assertThrows(
    () => new DigestSet(ALL).lookup("1234"),
    DigestAmbiguousError,
  );
  assertEquals(error.matches.length, 2);
  for (const match of error.matches) assert(match.includes(":1234"));
});

Deno.test("DigestSet.lookup() finds nothing in an empty set", () => {
  assertThrows(() => new DigestSet().lookup("1"), DigestNotFoundError);
});

Deno.test("DigestSet.delete() removes one digest, and makes others unique", () => {
  const set = new DigestSet([ONE, TWO]);
  assertThrows(() => set.lookup("12"), DigestAmbiguousError);
  assert(set.delete(TWO));
  assertFalse(set.delete(TWO));
  assertFalse(set.delete("12345"));
  assertFalse(set.delete(fill("sha384", "12345")));
  assertEquals(set.size, 1);
  assertFalse(set.has(TWO));
  assertEquals(String(set.lookup("12")), ONE);
});

Deno.test("DigestSet gives its digests in order", () => {
  assertEquals(
    [...new DigestSet([SIX, FOUR, FIVE, THREE, ONE, TWO])].map(String),
    [SIX, FIVE, TWO, ONE, THREE, FOUR],
  );
});

Deno.test("DigestSet.shorten() gives the shortest text that finds the digest", () => {
  const set = new DigestSet(ALL);
  assertEquals(set.shorten(FOUR), "5");
  assertEquals(set.shorten(FOUR, 7), "5432100");
  assertEquals(set.shorten(TWO), "12340");
  assertEquals(set.shorten(THREE), "12346");
  assertEquals(set.shorten(ONE), "sha256:12345");
  assertEquals(set.shorten(SIX), SIX.slice("sha512:".length).slice(0, 65));
  assertEquals(set.shorten(FIVE, 1000), FIVE.slice("sha512:".length));
  assertThrows(
    () => set.shorten(fill("sha384", "1")),
    DigestNotFoundError,
  );
  for (const text of ALL) {
    for (const length of [1, 7, 12, 64, 128]) {
      const short = set.shorten(text, length);
      assertEquals(String(set.lookup(short)), text);
    }
  }
});

Deno.test("DigestSet agrees with a plain search over many digests", async () => {
  const all = await Promise.all(
    Array.from({ length: 600 }, (_, index) =>
      Digest.fromString(`${index}`, {
        algorithm: index % 3 === 0 ? "sha512" : "sha256",
      })),
  );
  const set = new DigestSet(all);
  assertEquals(set.size, all.length);
  for (const { algorithm, encoded } of all) {
    for (const length of [1, 2, 3, 4]) {
      const digits = encoded.slice(0, length);
      for (const prefix of [digits, `${algorithm}:${digits}`]) {
        const fitting = all.filter((one) =>
          one.encoded.startsWith(digits) &&
          (prefix === digits || one.algorithm === algorithm)
        );
        if (fitting.length === 1) {
          assertEquals(String(set.lookup(prefix)), String(fitting[0]));
        } else assertThrows(() => set.lookup(prefix), DigestAmbiguousError);
      }
    }
  }
});
