import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  createHasher,
  Digest,
  DIGEST_PATTERN,
  DigestError,
  DigestInvalidFormatError,
  DigestInvalidLengthError,
  DigestUnsupportedError,
  OciError,
} from "@gantry/oci/digest";

const HEX64 =
  "e58fcf7418d4390dec8e8fb69d88c06ec07039d651fedd3aa72af9972e7d046b";
const HEX96 =
  "d3fc7881460b7e22e3d172954463dddd7866d17597e7248453c48b3e9d26d9596bf9c4a9cf8072c9d5bad76e19af801d";

const VALID = [
  `sha256:${HEX64}`,
  `sha384:${HEX96}`,
  `sha512:${HEX64}${HEX64}`,
];

for (const text of VALID) {
  Deno.test(`Digest.parse() accepts ${text.slice(0, 20)}…`, () => {
    const digest = Digest.parse(text);
    const [algorithm, encoded] = text.split(":");
    assertEquals([digest.algorithm, digest.encoded], [algorithm!, encoded!]);
    assertEquals(String(digest), text);
    assertEquals(JSON.stringify({ digest }), `{"digest":"${text}"}`);
    assert(digest.equals(text) && digest.equals(new Digest(text)));
    assertFalse(digest.equals(`sha256:${"0".repeat(64)}`));
  });
}

const FORMAT = DigestInvalidFormatError;
const LENGTH = DigestInvalidLengthError;
const UNSUPPORTED = DigestUnsupportedError;

/** Where go-digest and older readers differ, these are go-digest's answers. */
const INVALID: [string, typeof FORMAT | typeof LENGTH | typeof UNSUPPORTED][] =
  [
    ["", FORMAT],
    [":", FORMAT],
    ["sha256:", FORMAT],
    [`:${HEX64}`, FORMAT],
    ["d41d8cd98f00b204e9800998ecf8427e", FORMAT],
    ["sha256:d41d8cd98f00b204e9800m98ecf8427e", LENGTH],
    ["sha256:abcdef0123456789", LENGTH],
    [`sha512:${"abcdef0123456789".repeat(4)}`, LENGTH],
    [`sha256:${HEX64}0`, LENGTH],
    ["foo:d41d8cd98f00b204e9800998ecf8427e", UNSUPPORTED],
    ["md5:d41d8cd98f00b204e9800998ecf8427e", UNSUPPORTED],
    [`sha384__foo+bar:${HEX96}`, FORMAT],
    [`sha384.foo+bar:${HEX96}`, UNSUPPORTED],
    [`sha384_foo+bar:${HEX96}`, UNSUPPORTED],
    ["sha256+b64:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", UNSUPPORTED],
    ["sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", UNSUPPORTED],
    [
      "sha256+b64u.unknownlength:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564=",
      UNSUPPORTED,
    ],
    [`sha256+b64:${HEX64}`, UNSUPPORTED],
    [`sha256.foo-bar:${HEX64}`, UNSUPPORTED],
    [`sha256+foo-bar:${HEX64}`, UNSUPPORTED],
    ["sha256-garbage:pure", UNSUPPORTED],
    ["bean:0123456789abcdef", UNSUPPORTED],
    ["sha256", FORMAT],
    [`sha256+foo+-b:${HEX64}`, FORMAT],
    [`sha256:${HEX64.toUpperCase()}`, FORMAT],
    [`sha256:${"g".repeat(64)}`, FORMAT],
    [`SHA256:${HEX64}`, FORMAT],
    [`sha256:${HEX64}\n`, LENGTH],
    [` sha256:${HEX64}`, FORMAT],
    [`sha256:${"..".repeat(32)}`, FORMAT],
    [`sha256:../../etc/passwd`, LENGTH],
    [`sha256+../:${HEX64}`, FORMAT],
    ["..:x", FORMAT],
    [`constructor:${HEX64}`, UNSUPPORTED],
    [`sha256:${HEX64}:${HEX64}`, LENGTH],
  ];

for (const [text, expected] of INVALID) {
  Deno.test(`Digest.parse() throws ${expected.name} on ${JSON.stringify(text).slice(0, 70)}`, () => {
    const error = assertThrows(() => Digest.parse(text), DigestError);
    assertInstanceOf(error, expected);
    assertInstanceOf(error, OciError);
    assertEquals(error.digest, text);
    assertStringIncludes(error.message, "digest ");
  });
}

for (const text of VALID) {
  Deno.test(`Digest.fromEncoded() joins ${text.slice(0, 20)}…`, () => {
    const [algorithm, encoded] = text.split(":");
    assertEquals(
      Digest.fromEncoded(algorithm!, encoded!),
      Digest.parse(text),
    );
    assert(Digest.fromEncoded(algorithm!, encoded!).equals(text));
  });
}

Deno.test("Digest.fromEncoded() checks everything", () => {
  const checks: [string, string, string][] = [
    ["sha256", "", "DIGEST_INVALID_FORMAT"],
    ["sha256", HEX96, "DIGEST_INVALID_LENGTH"],
    ["sha256", HEX64.toUpperCase(), "DIGEST_INVALID_FORMAT"],
    ["", HEX64, "DIGEST_INVALID_FORMAT"],
    ["foo", HEX64, "DIGEST_UNSUPPORTED"],
    ["foo:bar", HEX64, "DIGEST_INVALID_FORMAT"],
  ];
  for (const [algorithm, encoded, code] of checks) {
    const error = assertThrows(
      () => Digest.fromEncoded(algorithm, encoded),
      DigestError,
    );
    assertEquals(error.code, code);
  }
});

Deno.test("DIGEST_PATTERN finds digests in a text", () => {
  const text = `FROM app@${VALID[0]} AS base # not foo: nor :bar, but a_b:C=`;
  assertEquals(
    text.match(new RegExp(DIGEST_PATTERN, "g")),
    [VALID[0], "a_b:C="],
  );
});

Deno.test("digest errors carry their codes", () => {
  const codes = [":", "sha256:abc", `md5:${HEX64}`].map((text) =>
    assertThrows(() => Digest.parse(text), DigestError).code
  );
  assertEquals(codes, [
    "DIGEST_INVALID_FORMAT",
    "DIGEST_INVALID_LENGTH",
    "DIGEST_UNSUPPORTED",
  ]);
});

Deno.test("digest errors show no more of a long text than a line holds", () => {
  const error = assertThrows(
    () => Digest.parse("x".repeat(100_000)),
    DigestError,
  );
  assert(error.message.length < 300);
});

Deno.test("new Digest() checks the grammar only", () => {
  for (
    const text of [
      "foo:bar",
      `sha384.foo+bar:${HEX96}`,
      "sha256:abc",
      "blake3:_-=",
    ]
  ) {
    assertEquals(String(new Digest(text)), text);
  }
  for (
    const text of [
      "",
      ":",
      "foo",
      "foo:",
      ":bar",
      "a__b:c",
      "A:b",
      "a:b/c",
      "a:b:c",
    ]
  ) {
    assertThrows(() => new Digest(text), DigestInvalidFormatError);
  }
});

/** FIPS 180-4 example values and the empty message. */
const HASHES: [string, string, string][] = [
  [
    "sha256",
    "",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  ],
  [
    "sha256",
    "abc",
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  ],
  [
    "sha256",
    "{}",
    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  ],
  [
    "sha384",
    "abc",
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  ],
  [
    "sha512",
    "abc",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  ],
];

for (const [algorithm, text, hex] of HASHES) {
  Deno.test(`Digest.from…() computes ${algorithm} of ${JSON.stringify(text)}`, async () => {
    const bytes = new TextEncoder().encode(text);
    const expected = `${algorithm}:${hex}`;
    assertEquals(
      String(await Digest.fromString(text, { algorithm })),
      expected,
    );
    assertEquals(
      String(await Digest.fromBytes(bytes, { algorithm })),
      expected,
    );
    assertEquals(
      String(
        await Digest.fromStream(new Blob([bytes]).stream(), { algorithm }),
      ),
      expected,
    );
    const hasher = createHasher(algorithm);
    for (const byte of bytes) await hasher.update(Uint8Array.of(byte));
    assertEquals(String(await hasher.digest()), expected);
  });
}

Deno.test("an algorithm that cannot be computed is refused", async () => {
  assertThrows(() => createHasher("md5"), DigestUnsupportedError);
  assertThrows(() => createHasher("constructor"), DigestUnsupportedError);
  await assertRejects(
    () => Digest.fromString("", { algorithm: "md5" }),
    DigestUnsupportedError,
  );
});

Deno.test("Digest.fromStream() reads on where pieces are small, large or empty", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const whole = new Blob(Array<BlobPart>(60).fill(bytes));
  const expected = await Digest.fromBytes(
    new Uint8Array(await whole.arrayBuffer()),
  );
  assertEquals(String(await Digest.fromStream(whole.stream())), `${expected}`);
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let count = 0; count < 60; count++) {
        controller.enqueue(new Uint8Array());
        controller.enqueue(bytes.subarray(0, 1));
        controller.enqueue(bytes.subarray(1));
      }
      controller.close();
    },
  });
  assertEquals(String(await Digest.fromStream(pieces)), `${expected}`);
});

Deno.test("Digest.fromStream() reads a Blob to its end, though garbage is collected meanwhile", async () => {
  const { gc } = globalThis as { gc?(): void };
  const timer = setInterval(() => gc?.(), 1);
  const bytes = new Uint8Array(3_000_000);
  const expected = await Digest.fromBytes(bytes);
  const stream = new Blob([bytes]).stream();
  assertEquals(String(await Digest.fromStream(stream)), `${expected}`);
  clearInterval(timer);
});

for (const type of ["bytes", undefined] as const) {
  const kind = type === undefined ? "a stream of values" : "a byte stream";
  Deno.test(`Digest.fromStream() lets go of ${kind} that stalls when it is aborted`, async () => {
    const controller = new AbortController();
    const reason = new Error("no longer needed");
    let cancelled: unknown;
    let pulls = 0;
    const source = {
      pull(stream: { enqueue(chunk: Uint8Array<ArrayBuffer>): void }) {
        if (++pulls === 1) return stream.enqueue(new Uint8Array(100_000));
        controller.abort(reason);
        return new Promise<void>(() => {});
      },
      cancel: (given: unknown) => {
        cancelled = given;
      },
    };
    const stream: ReadableStream<Uint8Array> = type === undefined
      ? new ReadableStream(source, { highWaterMark: 0 })
      : new ReadableStream({ ...source, type });
    const error = await assertRejects(() =>
      Digest.fromStream(stream, { signal: controller.signal })
    );
    assertEquals(error, reason);
    assertEquals(cancelled, reason);
  });
}

Deno.test("Digest.from…() does nothing once it is aborted", async () => {
  const signal = AbortSignal.abort(new Error("too late"));
  for (
    const start of [
      () => Digest.fromBytes(new Uint8Array(), { signal }),
      () => Digest.fromString("", { signal }),
      () => Digest.fromStream(new Blob(["a"]).stream(), { signal }),
    ]
  ) {
    assertEquals(await assertRejects(start), signal.reason);
  }
});

Deno.test("Digest.fromStream() fails with the stream's own failure", async () => {
  const failure = new Error("line cut");
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(failure),
  });
  assertEquals(await assertRejects(() => Digest.fromStream(stream)), failure);
});
