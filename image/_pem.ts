import { decodeBase64 } from "@std/encoding/base64";

/** The object identifiers of keys, as DER writes them. */
const RSA = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const CURVES: readonly (readonly [string, readonly number[]])[] = [
  ["P-256", [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]],
  ["P-384", [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22]],
  ["P-521", [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23]],
];

/** A private key out of PEM. */
export interface PemKey {
  /** The key as PKCS #8, RFC 5208. */
  readonly pkcs8: Uint8Array<ArrayBuffer>;
  /** The curve, or undefined for RSA. */
  readonly curve: string | undefined;
}

/**
 * Finds the private key in a PEM text: PKCS #8, RFC 5915 (`EC PRIVATE KEY`) or
 * RFC 8017 (`RSA PRIVATE KEY`). Gives undefined where there is none, or where it is
 * encrypted or of another kind.
 */
export function readPem(text: string): PemKey | undefined {
  const found = BLOCK.exec(text);
  if (found === null || /^(?:Proc-Type|DEK-Info):/m.test(found[2]!)) {
    return undefined;
  }
  let der: Uint8Array<ArrayBuffer>;
  try {
    der = decodeBase64(found[2]!.replaceAll(/\s/g, ""));
  } catch {
    return undefined;
  }
  const curve = CURVES.find(([, id]) => includes(der, id));
  if (found[1] === "RSA ") {
    return { pkcs8: wrap(der, [...RSA, 0x05, 0x00]), curve: undefined };
  }
  if (found[1] === "EC ") {
    return curve && { pkcs8: wrap(der, [...EC, ...curve[1]]), curve: curve[0] };
  }
  if (includes(der, RSA)) return { pkcs8: der, curve: undefined };
  return curve && includes(der, EC)
    ? { pkcs8: der, curve: curve[0] }
    : undefined;
}

const BLOCK =
  /-----BEGIN (EC |RSA |)PRIVATE KEY-----([^-]+)-----END \1PRIVATE KEY-----/;

/** Puts a key of an older form into PKCS #8: version 0, algorithm, key. */
function wrap(
  key: Uint8Array,
  algorithm: readonly number[],
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(tagged(0x30, [
    0x02,
    0x01,
    0x00,
    ...tagged(0x30, algorithm),
    ...tagged(0x04, [...key]),
  ]));
}

/** A value of DER with its tag and length. */
function tagged(tag: number, content: readonly number[]): number[] {
  const { length } = content;
  if (length < 0x80) return [tag, length, ...content];
  const size = length < 0x100 ? [0x81, length] : [
    0x82,
    length >> 8,
    length & 0xff,
  ];
  return [tag, ...size, ...content];
}

function includes(bytes: Uint8Array, part: readonly number[]): boolean {
  for (let start = 0; start + part.length <= bytes.length; start++) {
    if (part.every((byte, index) => bytes[start + index] === byte)) return true;
  }
  return false;
}
