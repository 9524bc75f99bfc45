import { decodeBase64Url, encodeBase64Url } from "@std/encoding/base64url";
import { Digest } from "../digest/digest.ts";
import { DigestMismatchError } from "../digest/errors.ts";
import { isFields } from "./_checker.ts";
import { formatOf, joinPrettyJws, splitPrettyJws } from "./_pretty_jws.ts";
import { encodeJson } from "./encode_json.ts";
import type { ManifestContent } from "./manifest_content.ts";
import { MediaTypes } from "./media_type.ts";
import { parseJson } from "./parse_json.ts";
import { Schema1Error } from "./schema1_error.ts";
import {
  importPublicKey,
  jwsAlgorithm,
  publicJwk,
  readSigningKey,
  type Schema1KeySource,
} from "./schema1_key.ts";
import {
  assertSchema1,
  type Schema1Manifest,
  type Schema1Signature,
} from "./schema1_manifest.ts";

/** A schema 1 manifest as its bytes, with its descriptor and its value. */
export interface Schema1Content extends ManifestContent<Schema1Manifest> {
  /** What the digest is of, and what signatures sign: the bytes without the signatures. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Who signed a schema 1 manifest. */
export interface Schema1Signer {
  /** The key's id, as libtrust computes it: `ABCD:EFGH:…`, twelve groups of four. */
  readonly keyId: string;
  /** The algorithm of RFC 7518, such as `ES256`. */
  readonly algorithm: string;
  /** When it was signed, RFC 3339, where the signature tells. */
  readonly time?: string;
}

/** A schema 1 manifest whose signatures hold. */
export interface VerifiedSchema1 extends Schema1Content {
  /** Who signed it, in the order of the signatures. */
  readonly signers: readonly Schema1Signer[];
}

/** Options of {@linkcode parseSchema1}. */
export interface ParseSchema1Options {
  /** The digest that the payload must have. */
  readonly digest?: string | undefined;
}

/** Options of {@linkcode verifySchema1}. */
export interface VerifySchema1Options extends ParseSchema1Options {
  /**
   * The ids of keys of which at least one must have signed.
   *
   * @default {any key will do}
   */
  readonly trustedKeys?: readonly string[] | undefined;
}

/** Options of {@linkcode signSchema1}. */
export interface SignSchema1Options {
  /**
   * The key to sign with. Encrypted PEM is not read.
   *
   * @default {a new key on P-256, which nobody keeps}
   */
  readonly key?: Schema1KeySource | undefined;
  /**
   * The time that the signature tells.
   *
   * @default {now}
   */
  readonly time?: Date | undefined;
}

/**
 * Reads a schema 1 manifest, signed or not, and checks it at level `wire`. Its
 * signatures are not verified; its digest is that of the payload, without them.
 *
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} The document is no schema 1 manifest.
 * @throws {Schema1Error} The signatures do not say what was signed.
 * @throws {DigestMismatchError} The payload has not the digest expected.
 *
 * @example
 * ```ts
 * import { parseSchema1, signSchema1 } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const signed = await signSchema1({
 *   schemaVersion: 1,
 *   name: "library/hello",
 *   tag: "latest",
 *   architecture: "amd64",
 *   fsLayers: [],
 *   history: [],
 * });
 * const { descriptor } = await parseSchema1(signed.payload);
 * assertEquals(descriptor.digest, signed.descriptor.digest);
 * ```
 */
export async function parseSchema1(
  bytes: Uint8Array<ArrayBuffer>,
  options: ParseSchema1Options = {},
): Promise<Schema1Content> {
  const value = parseJson(bytes);
  assertSchema1(value, { level: "wire" });
  const isSigned = Object.hasOwn(value, "signatures");
  const payload = isSigned ? splitPrettyJws(bytes).payload : bytes;
  const digest = await payloadDigest(payload, options.digest);
  const mediaType = isSigned
    ? MediaTypes.dockerSchema1Signed
    : MediaTypes.dockerSchema1;
  const descriptor = { mediaType, digest, size: bytes.byteLength };
  return { descriptor, bytes, value, payload };
}

/**
 * Reads a signed schema 1 manifest as {@linkcode parseSchema1} does, and verifies
 * all of its signatures as libtrust does.
 *
 * The keys stand in the document itself: without `trustedKeys` this says that the
 * holders of those keys signed it, and not whose keys they are. Signatures by a
 * certificate chain (`x5c`) are not verified, and refused.
 *
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} The document is no schema 1 manifest.
 * @throws {Schema1Error} It is not signed, a signature does not hold, or no trusted key signed.
 * @throws {DigestMismatchError} The payload has not the digest expected.
 *
 * @example Trust one key
 * ```ts
 * import { signSchema1, verifySchema1 } from "@gantry/oci/image";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const { bytes } = await signSchema1({
 *   schemaVersion: 1,
 *   name: "library/hello",
 *   tag: "latest",
 *   architecture: "amd64",
 *   fsLayers: [],
 *   history: [],
 * });
 * const { signers: [signer] } = await verifySchema1(bytes);
 * assertEquals(signer?.algorithm, "ES256");
 *
 * await verifySchema1(bytes, { trustedKeys: [signer!.keyId] });
 * await assertRejects(() => verifySchema1(bytes, { trustedKeys: ["ABCD:…"] }));
 * ```
 */
export async function verifySchema1(
  bytes: Uint8Array<ArrayBuffer>,
  options: VerifySchema1Options = {},
): Promise<VerifiedSchema1> {
  const { payload, signatures } = splitPrettyJws(bytes);
  const content = await parseSchema1(bytes, options);
  const encoded = encodeBase64Url(payload);
  const signers: Schema1Signer[] = [];
  for (const signature of signatures) {
    signers.push(await verifyOne(signature, encoded));
  }
  const { trustedKeys } = options;
  if (
    trustedKeys !== undefined &&
    !signers.some(({ keyId }) => trustedKeys.includes(keyId))
  ) {
    throw new Schema1Error(
      "SCHEMA1_UNTRUSTED",
      `Cannot trust schema 1 manifest: it is signed by ${
        signers.map(({ keyId }) => keyId).join(" and ")
      }`,
    );
  }
  return { ...content, signers };
}

/**
 * Signs a schema 1 manifest as libtrust does, in the pretty form that registries
 * take as `application/vnd.docker.distribution.manifest.v1+prettyjws`.
 *
 * A value is serialised as Docker does, with three spaces of indent; bytes are signed
 * as they are, and a signature is added to those that they have.
 *
 * @throws {ValidationError} It is no schema 1 manifest.
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {Schema1Error} The key cannot sign, or the signatures that are there are malformed.
 *
 * @example With a key of one's own
 * ```ts
 * import { signSchema1, verifySchema1 } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const key = await crypto.subtle.generateKey(
 *   { name: "ECDSA", namedCurve: "P-256" },
 *   false,
 *   ["sign", "verify"],
 * );
 * const { bytes, descriptor } = await signSchema1({
 *   schemaVersion: 1,
 *   name: "library/hello",
 *   tag: "latest",
 *   architecture: "amd64",
 *   fsLayers: [],
 *   history: [],
 * }, { key });
 * const verified = await verifySchema1(bytes, { digest: descriptor.digest });
 * assertEquals(verified.value.name, "library/hello");
 * ```
 */
export async function signSchema1(
  manifest: Schema1Manifest | Uint8Array<ArrayBuffer>,
  options: SignSchema1Options = {},
): Promise<Schema1Content> {
  const key = await readSigningKey(options.key);
  const { payload, signatures } = unsigned(manifest);
  const { length, tail } = formatOf(payload);
  const header = encodeBase64Url(encodeJson({
    formatLength: length,
    formatTail: encodeBase64Url(tail),
    time: (options.time ?? new Date()).toISOString().replace(/\.\d+/, ""),
  }));
  const signature = await crypto.subtle.sign(
    key.algorithm.use,
    key.privateKey,
    signable(header, encodeBase64Url(payload)),
  );
  const added: Schema1Signature = {
    header: { jwk: key.jwk, alg: key.algorithm.alg },
    signature: encodeBase64Url(signature),
    protected: header,
  };
  const all = [...signatures, added].sort((a, b) =>
    kidOf(a) < kidOf(b) ? -1 : kidOf(a) > kidOf(b) ? 1 : 0
  );
  return await parseSchema1(joinPrettyJws({ payload, signatures: all }));
}

async function payloadDigest(
  payload: Uint8Array<ArrayBuffer>,
  expected: string | undefined,
): Promise<string> {
  const wanted = expected === undefined ? undefined : Digest.parse(expected);
  const digest = await Digest.fromBytes(payload, {
    algorithm: wanted?.algorithm ?? "sha256",
  });
  if (wanted !== undefined && !digest.equals(wanted)) {
    throw new DigestMismatchError(String(wanted), String(digest));
  }
  return String(digest);
}

/** The payload to sign, and the signatures that it has. */
function unsigned(
  manifest: Schema1Manifest | Uint8Array<ArrayBuffer>,
): {
  payload: Uint8Array<ArrayBuffer>;
  signatures: readonly Schema1Signature[];
} {
  const value = manifest instanceof Uint8Array ? parseJson(manifest) : manifest;
  assertSchema1(value, { level: "wire" });
  if (manifest instanceof Uint8Array) {
    return Object.hasOwn(value, "signatures")
      ? splitPrettyJws(manifest)
      : { payload: manifest, signatures: [] };
  }
  const { signatures: _, ...rest } = value;
  const compact = new TextDecoder().decode(encodeJson(rest));
  const indented = JSON.stringify(JSON.parse(compact), null, 3).replaceAll(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return { payload: new TextEncoder().encode(indented), signatures: [] };
}

async function verifyOne(
  { header, protected: encoded, signature }: Schema1Signature,
  payload: string,
): Promise<Schema1Signer> {
  const { alg, jwk } = header;
  const algorithm = jwsAlgorithm(alg);
  if (algorithm === undefined || !isFields(jwk)) {
    throw unverified(`algorithm ${JSON.stringify(alg)} without a key`);
  }
  let holds: boolean;
  let keyId: string;
  try {
    ({ kid: keyId } = await publicJwk(jwk) as { kid: string });
    holds = (jwk["kid"] === undefined || jwk["kid"] === keyId) &&
      await crypto.subtle.verify(
        algorithm.use,
        await importPublicKey(jwk, algorithm),
        decodeBase64Url(signature),
        signable(encoded, payload),
      );
  } catch (cause) {
    throw unverified(`the key does not fit ${algorithm.alg}`, cause);
  }
  if (!holds) throw unverified(`it does not hold for key ${keyId}`);
  const fields = parseJson(decodeBase64Url(encoded));
  const time = isFields(fields) ? fields["time"] : undefined;
  return {
    keyId,
    algorithm: algorithm.alg,
    ...typeof time === "string" && { time },
  };
}

/** What is signed, RFC 7515 §5.1. */
function signable(header: string, payload: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${header}.${payload}`);
}

function kidOf({ header }: Schema1Signature): string {
  const { jwk } = header;
  return isFields(jwk) ? String(jwk["kid"]) : "";
}

function unverified(reason: string, cause?: unknown): Schema1Error {
  return new Schema1Error(
    "SCHEMA1_UNVERIFIED",
    `Cannot verify a signature of schema 1 manifest: ${reason}`,
    { cause },
  );
}
