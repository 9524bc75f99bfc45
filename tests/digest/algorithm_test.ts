import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  type AlgorithmDefinition,
  algorithmInfo,
  createHasher,
  Digest,
  DigestInvalidFormatError,
  DigestInvalidLengthError,
  DigestUnsupportedError,
  listAlgorithms,
  registerAlgorithm,
} from "@gantry/oci/digest";

/** Adds the bytes up: no digest to trust, but one that is easy to know. */
function sum(name: string, hexLength = 4): AlgorithmDefinition {
  return {
    name,
    hexLength,
    createHasher() {
      let total = 0;
      return {
        update(chunk) {
          for (const byte of chunk) total += byte;
        },
        digest: () => (total & 0xffff).toString(16).padStart(4, "0"),
      };
    },
  };
}

Deno.test("listAlgorithms() names the built-in ones first", () => {
  assertEquals(listAlgorithms().slice(0, 3), ["sha256", "sha384", "sha512"]);
});

Deno.test("algorithmInfo() knows what can be computed", () => {
  assertEquals(algorithmInfo("sha256")?.hexLength, 64);
  assertEquals(algorithmInfo("sha384")?.hexLength, 96);
  assertEquals(algorithmInfo("sha512")?.hexLength, 128);
  for (const name of ["", "md5", "shalalala", "SHA256", "constructor"]) {
    assertEquals(algorithmInfo(name), undefined, name);
  }
  assertEquals(algorithmInfo(`sha256:${"0".repeat(64)}`), undefined);
});

for (
  const name of [
    "",
    "-",
    "sha256-",
    "-sha256",
    "SHA256",
    "sha25*",
    "sha256--test",
    "sha 256",
    "a:b",
    "../a",
    "sha256\n",
    "ſha256",
  ]
) {
  Deno.test(`registerAlgorithm() refuses the name ${JSON.stringify(name)}`, () => {
    assertThrows(() => registerAlgorithm(sum(name)), TypeError, "Cannot");
    assertEquals(algorithmInfo(name), undefined);
  });
}

for (const name of ["sha256-test", "sha256_384", "sum", "a.b+c_d-1", "0"]) {
  Deno.test(`registerAlgorithm() takes the name ${name} once`, async () => {
    assertThrows(() => Digest.parse(`${name}:0061`), DigestUnsupportedError);
    assert(registerAlgorithm(sum(name)));
    assertFalse(registerAlgorithm(sum(name, 6)));
    assertEquals(algorithmInfo(name)?.hexLength, 4);
    assert(listAlgorithms().includes(name));

    const digest = await Digest.fromString("a", { algorithm: name });
    assertEquals(String(digest), `${name}:0061`);
    assert(Digest.parse(`${name}:0061`).equals(digest));
    assertThrows(() => Digest.parse(`${name}:61`), DigestInvalidLengthError);
    assertThrows(() => Digest.parse(`${name}:006G`), DigestInvalidFormatError);
  });
}

Deno.test("registerAlgorithm() does not replace a built-in algorithm", async () => {
  for (const name of ["sha256", "sha384", "sha512"]) {
    assertFalse(registerAlgorithm(sum(name)));
  }
  const digest = await Digest.fromString("abc");
  assertEquals(digest.encoded.slice(0, 8), "ba7816bf");
});

for (const hexLength of [0, -2, 3, 4.5, NaN, Infinity, 2 ** 60]) {
  Deno.test(`registerAlgorithm() refuses a length of ${hexLength} digits`, () => {
    assertThrows(() => registerAlgorithm(sum("odd", hexLength)), RangeError);
    assertEquals(algorithmInfo("odd"), undefined);
  });
}

Deno.test("registerAlgorithm() keeps what it was given at first", () => {
  const definition = { ...sum("changed") };
  registerAlgorithm(definition);
  Object.assign(definition, { name: "sha256", hexLength: 64 });
  assertEquals(algorithmInfo("changed")?.hexLength, 4);
  assertThrows(() => {
    (algorithmInfo("changed") as { hexLength: number }).hexLength = 64;
  }, TypeError);
});

Deno.test("createHasher() notices a registered algorithm that keeps no promise", async () => {
  registerAlgorithm(sum("short", 6));
  const hasher = createHasher("short");
  await hasher.update(Uint8Array.of(1));
  await assertRejects(() => hasher.digest(), DigestInvalidLengthError);
});

Deno.test("createHasher() hands on what a registered algorithm fails with", async () => {
  registerAlgorithm({
    name: "failing",
    hexLength: 4,
    createHasher: () => ({
      update: () => Promise.reject(new Error("no memory")),
      digest: () => "0000",
    }),
  });
  await assertRejects(
    () => Digest.fromString("a", { algorithm: "failing" }),
    Error,
    "no memory",
  );
  await assertRejects(
    () => Digest.fromStream(new Blob(["a"]).stream(), { algorithm: "failing" }),
    Error,
    "no memory",
  );
});

for (const algorithm of ["sha256", "sha384", "sha512"]) {
  Deno.test(`Digest.from…() agree with each other on ${algorithm}`, async () => {
    const text = crypto.randomUUID().slice(0, 20);
    const bytes = new TextEncoder().encode(text);
    const expected = String(await Digest.fromBytes(bytes, { algorithm }));
    for (
      const other of [
        Digest.fromString(text, { algorithm }),
        Digest.fromStream(new Blob([text]).stream(), { algorithm }),
      ]
    ) assertEquals(String(await other), expected);
  });
}
