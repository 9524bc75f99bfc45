import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeBase64Url, encodeBase64Url } from "@std/encoding/base64url";
import { Digest, DigestMismatchError } from "@gantry/oci/digest";
import {
  addressedBytes,
  MediaTypes,
  parseManifestContent,
  parseSchema1,
  Schema1Error,
  type Schema1ErrorCode,
  signSchema1,
  validateSchema1,
  ValidationError,
  verifySchema1,
} from "@gantry/oci/image";
import { inspect } from "../_support/inspect.ts";
import { DIGEST, manifest } from "./_schema1.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("signSchema1() writes what Docker would, and addresses the payload", async () => {
  const { bytes, payload, descriptor, value } = await signSchema1(manifest, {
    time: new Date("2024-02-29T12:00:00.5Z"),
  });
  const text = decoder.decode(payload);
  assertEquals(
    text,
    `{
   "schemaVersion": 1,
   "name": "team/app",
   "tag": "v1",
   "architecture": "amd64",
   "fsLayers": [
      {
         "blobSum": "${DIGEST}"
      }
   ],
   "history": [
      {
         "v1Compatibility": "{\\"id\\":\\"a\\",\\"comment\\":\\"\\u003c\\u0026\\u003e\\"}"
      }
   ]
}`,
  );
  const whole = decoder.decode(bytes);
  assert(whole.startsWith(
    `${
      text.slice(0, -2)
    },\n   "signatures": [\n      {\n         "header": {\n            "jwk": {\n               "crv": "P-256",\n               "kid": "`,
  ));
  assert(whole.endsWith(`"\n      }\n   ]\n}`));
  assertEquals(descriptor, {
    mediaType: MediaTypes.dockerSchema1Signed,
    digest: String(await Digest.fromBytes(payload)),
    size: bytes.byteLength,
  });
  const [signature] = value.signatures!;
  assertEquals(
    decoder.decode(decodeBase64Url(signature!.protected)),
    `{"formatLength":${
      text.length - 2
    },"formatTail":"Cn0","time":"2024-02-29T12:00:00Z"}`,
  );
  const { signers } = await verifySchema1(bytes);
  assertEquals(signers.length, 1);
  assertEquals(signers[0]!.time, "2024-02-29T12:00:00Z");
  assert(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/.test(signers[0]!.keyId));
});

Deno.test("signSchema1() signs bytes as they are, and adds to signatures", async () => {
  for (
    const text of [
      JSON.stringify(manifest),
      ` ${JSON.stringify(manifest, null, "\t")} \n`,
      JSON.stringify(manifest, null, 2),
    ]
  ) {
    const once = await signSchema1(encoder.encode(text));
    assertEquals(decoder.decode(once.payload), text);
    const twice = await signSchema1(once.bytes);
    assertEquals(decoder.decode(twice.payload), text);
    const { signers } = await verifySchema1(twice.bytes);
    const ids = signers.map(({ keyId }) => keyId);
    assertEquals(ids.length, 2);
    assertEquals(ids, [...ids].sort());
    assertEquals(
      addressedBytes(twice.bytes, MediaTypes.dockerSchema1Signed),
      encoder.encode(text),
    );
    assertEquals(
      (await parseSchema1(encoder.encode(text))).descriptor,
      {
        ...once.descriptor,
        mediaType: MediaTypes.dockerSchema1,
        size: text.length,
      },
    );
  }
});

Deno.test("signSchema1() refuses keys that cannot sign, and does not repeat them", async () => {
  const kept = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["sign", "verify"],
  );
  const secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ";
  for (
    const key of [
      "no PEM",
      `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
      `-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${secret}\n-----END EC PRIVATE KEY-----`,
      `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`,
      kept.privateKey,
      kept.publicKey,
      { kty: "EC", crv: "P-256", x: "AA", y: "AA" },
      { kty: "EC", crv: "P-256", x: "AA", y: "AA", d: secret },
      { kty: "EC", crv: "secp256k1", x: "AA", y: "AA", d: secret },
      { kty: "oct", k: secret },
    ]
  ) {
    const error = await assertRejects(
      () => signSchema1(manifest, { key }),
      Schema1Error,
      "Cannot use key to sign a schema 1 manifest: ",
    );
    assertEquals(error.code, "SCHEMA1_KEY_INVALID");
    assert(!inspect(error).includes(secret));
  }
});

/** Ways to tamper with a signed manifest, and what verification says of them. */
const TAMPERED: [string, (text: string) => string, Schema1ErrorCode][] = [
  ["another tag", (text) => text.replace('"v1"', '"v2"'), "SCHEMA1_UNVERIFIED"],
  [
    "another layer",
    (text) => text.replace("5b0b", "5b0c"),
    "SCHEMA1_UNVERIFIED",
  ],
  [
    "a field after what was signed",
    (text) => text.replace(/,\n {3}"sig/, ',"more":1,"sig'),
    "SCHEMA1_MALFORMED",
  ],
  [
    "a field after the signatures",
    (text) => text.replace(/\}$/, ',"more":1}'),
    "SCHEMA1_MALFORMED",
  ],
  [
    "another signature",
    (text) =>
      text.replace(
        /"signature": "(.)/,
        (_, first) => `"signature": "${first === "A" ? "B" : "A"}`,
      ),
    "SCHEMA1_UNVERIFIED",
  ],
  [
    "another key id",
    (text) => text.replace(/"kid": ".{4}/, '"kid": "AAAA'),
    "SCHEMA1_UNVERIFIED",
  ],
  [
    "no algorithm",
    (text) => text.replace('"ES256"', '"none"'),
    "SCHEMA1_UNVERIFIED",
  ],
  [
    "another curve",
    (text) => text.replace('"ES256"', '"ES384"'),
    "SCHEMA1_UNVERIFIED",
  ],
  [
    "another length",
    (text) => reformat(text, { formatLength: 1e9 }),
    "SCHEMA1_MALFORMED",
  ],
  [
    "a negative length",
    (text) => reformat(text, { formatLength: -1 }),
    "SCHEMA1_MALFORMED",
  ],
  [
    "a shorter length",
    (text) => reformat(text, { formatLength: 10 }),
    "SCHEMA1_MALFORMED",
  ],
  [
    "another tail",
    (text) => reformat(text, { formatTail: encodeBase64Url("}") }),
    "SCHEMA1_UNVERIFIED",
  ],
  [
    "no signatures",
    (text) => text.replace(/"signatures": \[[^]*\]/, '"signatures": []'),
    "SCHEMA1_UNSIGNED",
  ],
];

function reformat(text: string, change: Record<string, unknown>): string {
  return text.replace(/("protected": ")([^"]*)/, (_, start, encoded) => {
    const header = JSON.parse(decoder.decode(decodeBase64Url(encoded)));
    return start + encodeBase64Url(JSON.stringify({ ...header, ...change }));
  });
}

for (const [what, tamper, code] of TAMPERED) {
  Deno.test(`verifySchema1() refuses ${what}`, async () => {
    const text = decoder.decode((await signSchema1(manifest)).bytes);
    const changed = tamper(text);
    assert(changed !== text);
    const error = await assertRejects(
      () => verifySchema1(encoder.encode(changed)),
      Schema1Error,
    );
    assertEquals(error.code, code);
  });
}

Deno.test("verifySchema1() asks for a digest and for trusted keys", async () => {
  const { bytes, descriptor } = await signSchema1(manifest);
  const { signers: [signer] } = await verifySchema1(bytes, {
    digest: descriptor.digest,
  });
  await verifySchema1(bytes, { trustedKeys: ["other", signer!.keyId] });
  const error = await assertRejects(
    () => verifySchema1(bytes, { trustedKeys: ["other"] }),
    Schema1Error,
    signer!.keyId,
  );
  assertEquals(error.code, "SCHEMA1_UNTRUSTED");
  await assertRejects(
    () => verifySchema1(bytes, { digest: DIGEST }),
    DigestMismatchError,
  );
});

/** What is changed in a good manifest, and where `schema` and `wire` then see issues. */
const MANIFESTS: [string, Record<string, unknown>, string[], string[]][] = [
  ["nothing", {}, [], []],
  ["version 2", { schemaVersion: 2 }, ["$.schemaVersion"], [
    "$.schemaVersion",
  ]],
  ["no name", { name: undefined }, ["$.name"], []],
  ["a number as tag", { tag: 1 }, ["$.tag"], ["$.tag"]],
  ["an empty architecture", { architecture: "" }, ["$.architecture"], [
    "$.architecture",
  ]],
  ["schema 2's type", { mediaType: MediaTypes.dockerManifest }, [
    "$.mediaType",
  ], []],
  ["a bad digest", { fsLayers: [{ blobSum: "sha256:../x" }] }, [
    "$.fsLayers[0].blobSum",
  ], ["$.fsLayers[0].blobSum"]],
  ["history of another length", { history: [] }, ["$.history"], [
    "$.history",
  ]],
  ["history that is no JSON", { history: [{ v1Compatibility: "[]" }] }, [
    "$.history[0].v1Compatibility",
  ], []],
  ["a signature that is none", { signatures: [{ header: 1 }] }, [
    "$.signatures[0].header",
    "$.signatures[0].signature",
    "$.signatures[0].protected",
  ], [
    "$.signatures[0].header",
    "$.signatures[0].signature",
    "$.signatures[0].protected",
  ]],
  ["schema 2's fields", { config: {}, layers: [] }, ["$.config", "$.layers"], [
    "$.config",
    "$.layers",
  ]],
];

for (const [what, change, schema, wire] of MANIFESTS) {
  Deno.test(`validateSchema1() judges a manifest with ${what}`, () => {
    const value = JSON.parse(JSON.stringify({ ...manifest, ...change }));
    const paths = (level: "schema" | "wire") =>
      validateSchema1(value, { level }).map(({ path }) => path);
    assertEquals(paths("schema"), schema);
    assertEquals(paths("wire"), wire);
  });
}

Deno.test("parseSchema1() refuses what is no schema 1 manifest", async () => {
  await assertRejects(
    () => parseSchema1(encoder.encode('{"schemaVersion":2}')),
    ValidationError,
    "Cannot accept schema 1",
  );
});

Deno.test("parseManifestContent() addresses signed schema 1 by what was signed", async () => {
  const { bytes, descriptor, payload } = await signSchema1(manifest);
  const mediaType = MediaTypes.dockerSchema1Signed;
  const { digest } = descriptor;
  const content = await parseManifestContent(bytes, { mediaType, digest });
  assertEquals(content.descriptor, descriptor);
  assertEquals(content.bytes, bytes);
  await assertRejects(
    () => parseManifestContent(bytes, { digest }),
    DigestMismatchError,
  );
  assertEquals(addressedBytes(payload, mediaType), payload);
});
