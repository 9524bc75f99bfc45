/**
 * What the tests in this folder run in a browser and in Node: the digest floor,
 * through its public names, with nothing of Deno's.
 *
 * @module
 */
import {
  BLAKE3,
  createHasher,
  createVerifier,
  Digest,
  DigestSet,
  registerAlgorithm,
  verifyStream,
} from "@gantry/oci/digest";

/** What {@linkcode probe} found out; goes through JSON. */
export interface DigestReport {
  /** Whether `node:crypto` was there. */
  readonly native: boolean;
  /** By algorithm: the digest of "abc", computed in each of four ways. */
  readonly digests: Readonly<Record<string, readonly string[]>>;
  /** The digest of 3 MiB of zeros, read from a stream. */
  readonly large: string;
  /** What a verifier says to good and to tampered content. */
  readonly verified: readonly boolean[];
  /** What reading good content through {@linkcode verifyStream} gives. */
  readonly read: string;
  /** The codes of the errors on what is tampered, too long and malformed. */
  readonly codes: readonly string[];
  /** What a set of digests finds. */
  readonly found: string;
}

const ALGORITHMS = ["sha256", "sha384", "sha512", "blake3"];

/** Hashes, verifies and parses. */
export async function probe(): Promise<DigestReport> {
  registerAlgorithm(BLAKE3);
  const digests: Record<string, string[]> = {};
  for (const algorithm of ALGORITHMS) {
    digests[algorithm] = await computeAbc(algorithm);
  }
  const digest = await Digest.fromString("hello");
  const expected = { digest: String(digest), size: 5 };
  const check = (text: string) =>
    readText(verifyStream(new Blob([text]).stream(), expected));
  return {
    native: hasNodeCrypto(),
    digests,
    large: String(
      await Digest.fromStream(
        new Blob([new Uint8Array(3 * 1024 * 1024)]).stream(),
      ),
    ),
    verified: [await verify(digest, "hello"), await verify(digest, "jello")],
    read: await check("hello"),
    codes: [
      await codeOf(() => check("jello")),
      await codeOf(() => check("hello, world")),
      await codeOf(() => check("hell")),
      await codeOf(() => Digest.parse("sha256:")),
      await codeOf(() => Digest.parse("sha256:abc")),
      await codeOf(() => Digest.parse(`foo:${digest.encoded}`)),
    ],
    found: String(new DigestSet([digest]).lookup(digest.encoded.slice(0, 7))),
  };
}

async function computeAbc(algorithm: string): Promise<string[]> {
  const bytes = new TextEncoder().encode("abc");
  const hasher = createHasher(algorithm);
  for (const byte of bytes) await hasher.update(Uint8Array.of(byte));
  const digests = await Promise.all([
    Digest.fromString("abc", { algorithm }),
    Digest.fromBytes(bytes, { algorithm }),
    Digest.fromStream(new Blob([bytes]).stream(), { algorithm }),
    hasher.digest(),
  ]);
  return digests.map((digest) => String(Digest.parse(String(digest))));
}

async function verify(digest: Digest, text: string): Promise<boolean> {
  const verifier = createVerifier(digest);
  await verifier.update(new TextEncoder().encode(text));
  return await verifier.verified();
}

/** A browser's `Response` would hide why a stream failed; a reader tells. */
async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
}

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return "none";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function hasNodeCrypto(): boolean {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown };
  };
  return process?.getBuiltinModule?.("node:crypto") !== undefined;
}
