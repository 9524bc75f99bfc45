import { encodeBase32 } from "./_base32.ts";
import { readPem } from "./_pem.ts";
import { Schema1Error } from "./schema1_error.ts";

/**
 * A private key that signs: as a JSON Web Key, as PEM, as a pair of WebCrypto, or as
 * a private key of WebCrypto that can be exported. ECDSA on P-256, P-384 or P-521,
 * and RSA with PKCS #1 v1.5.
 */
export type Schema1KeySource = JsonWebKey | string | CryptoKey | CryptoKeyPair;

/** The parameters by which WebCrypto signs, verifies and imports for an algorithm of RFC 7518. */
export interface JwsAlgorithm {
  /** The name in a JWS header. */
  readonly alg: string;
  /** Parameters to sign and verify. */
  readonly use: AlgorithmIdentifier | EcdsaParams;
  /** Parameters to import a key. */
  readonly import: EcKeyImportParams | RsaHashedImportParams;
}

/** A key that is ready to sign. */
export interface SigningKey {
  /** How it signs. */
  readonly algorithm: JwsAlgorithm;
  /** What signs. */
  readonly privateKey: CryptoKey;
  /** The public key with its id, members in alphabetical order. */
  readonly jwk: Readonly<Record<string, string>>;
}

/** A key of an algorithm of RFC 7518 §3.1, by the names that a JWS has for it. */
export function jwsAlgorithm(alg: unknown): JwsAlgorithm | undefined {
  const found = typeof alg === "string"
    ? /^(ES|RS)(256|384|512)$/.exec(alg)
    : null;
  if (found === null) return undefined;
  const [name, kind, bits] = found;
  const hash = `SHA-${bits}`;
  return kind === "ES"
    ? {
      alg: name,
      use: { name: "ECDSA", hash },
      import: { name: "ECDSA", namedCurve: CURVES.get(bits!)! },
    }
    : {
      alg: name,
      use: "RSASSA-PKCS1-v1_5",
      import: { name: "RSASSA-PKCS1-v1_5", hash },
    };
}

const CURVES: ReadonlyMap<string, string> = new Map([
  ["256", "P-256"],
  ["384", "P-384"],
  ["512", "P-521"],
]);

/** The algorithm that libtrust has for a curve; RSA signs with SHA-256. */
function algorithmOf(curve: string | undefined): JwsAlgorithm | undefined {
  if (curve === undefined) return jwsAlgorithm("RS256");
  const [bits] = [...CURVES].find(([, name]) => name === curve) ?? [];
  return bits === undefined ? undefined : jwsAlgorithm(`ES${bits}`);
}

/** Makes a key ready to sign. @throws {Schema1Error} It is of a kind that cannot. */
export async function readSigningKey(
  source: Schema1KeySource | undefined,
): Promise<SigningKey> {
  try {
    return await importKey(source);
  } catch (cause) {
    if (cause instanceof Schema1Error) throw cause;
    // What went wrong may show parts of the key, so that it is not passed on.
    throw invalidKey("it is damaged, or this runtime cannot use it");
  }
}

async function importKey(
  source: Schema1KeySource | undefined,
): Promise<SigningKey> {
  if (source === undefined) {
    return await fromPair(
      await crypto.subtle.generateKey(
        { name: "ECDSA", namedCurve: "P-256" },
        false,
        ["sign", "verify"],
      ),
    );
  }
  if (typeof source === "string") {
    const pem = readPem(source);
    const algorithm = pem && algorithmOf(pem.curve);
    if (pem === undefined || algorithm === undefined) {
      throw invalidKey(
        "the text holds no PEM of an unencrypted EC or RSA private key",
      );
    }
    return await fromPrivate(
      await crypto.subtle.importKey(
        "pkcs8",
        pem.pkcs8,
        algorithm.import,
        true,
        ["sign"],
      ),
    );
  }
  if ("privateKey" in source) return await fromPair(source);
  if (source instanceof CryptoKey) return await fromPrivate(source);
  const algorithm = source.kty === "RSA"
    ? jwsAlgorithm(source.alg ?? "RS256")
    : algorithmOf(source.crv ?? "");
  if (algorithm === undefined || !source.d) {
    throw invalidKey("it is no private JSON Web Key of EC or RSA");
  }
  const { key_ops: _, use: __, ...jwk } = source;
  return {
    algorithm,
    privateKey: await crypto.subtle.importKey(
      "jwk",
      { ...jwk, ext: true },
      algorithm.import,
      false,
      ["sign"],
    ),
    jwk: await publicJwk(source),
  };
}

async function fromPrivate(privateKey: CryptoKey): Promise<SigningKey> {
  if (privateKey.type !== "private" || !privateKey.extractable) {
    throw invalidKey("a CryptoKey must be a private one that can be exported");
  }
  const jwk = await crypto.subtle.exportKey("jwk", privateKey);
  return {
    algorithm: algorithmFor(privateKey),
    privateKey,
    jwk: await publicJwk(jwk),
  };
}

async function fromPair(
  { privateKey, publicKey }: CryptoKeyPair,
): Promise<SigningKey> {
  const jwk = await crypto.subtle.exportKey("jwk", publicKey);
  return {
    algorithm: algorithmFor(privateKey),
    privateKey,
    jwk: await publicJwk(jwk),
  };
}

function algorithmFor({ algorithm }: CryptoKey): JwsAlgorithm {
  const { name, namedCurve, hash } = algorithm as {
    name: string;
    namedCurve?: string;
    hash?: { name: string };
  };
  const found = name === "ECDSA"
    ? algorithmOf(namedCurve ?? "")
    : name === "RSASSA-PKCS1-v1_5"
    ? jwsAlgorithm(`RS${hash?.name.slice(4)}`)
    : undefined;
  if (found === undefined) throw invalidKey(`${name} signs no schema 1`);
  return found;
}

/** A public key as libtrust writes it: with its id, and nothing beyond what makes the key. */
export async function publicJwk(
  jwk: JsonWebKey,
): Promise<Readonly<Record<string, string>>> {
  const kid = await keyId(jwk);
  return jwk.kty === "RSA"
    ? { e: jwk.e!, kid, kty: "RSA", n: jwk.n! }
    : { crv: jwk.crv!, kid, kty: "EC", x: jwk.x!, y: jwk.y! };
}

/** Imports a public key to verify with. */
export async function importPublicKey(
  jwk: JsonWebKey,
  algorithm: JwsAlgorithm,
): Promise<CryptoKey> {
  const { kty, crv, x, y, n, e } = jwk;
  return await crypto.subtle.importKey(
    "jwk",
    (kty === "RSA" ? { kty, n, e } : { kty, crv, x, y }) as JsonWebKey,
    algorithm.import,
    true,
    ["verify"],
  );
}

/**
 * A key's id as libtrust computes it: the first 240 bits of the SHA-256 of the public
 * key in DER, in base32, twelve groups of four.
 */
async function keyId(jwk: JsonWebKey): Promise<string> {
  const algorithm = jwk.kty === "RSA"
    ? jwsAlgorithm("RS256")!
    : algorithmOf(jwk.crv ?? "");
  if (algorithm === undefined) throw invalidKey("its curve is not known");
  const key = await importPublicKey(jwk, algorithm);
  const der = await crypto.subtle.exportKey("spki", key);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return encodeBase32(hash.subarray(0, 30)).replace(/.{4}(?=.)/g, "$&:");
}

function invalidKey(reason: string): Schema1Error {
  return new Schema1Error(
    "SCHEMA1_KEY_INVALID",
    `Cannot use key to sign a schema 1 manifest: ${reason}`,
  );
}
