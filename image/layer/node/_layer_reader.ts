import { errorCode } from "../../../digest/_error_code.ts";
import { preview } from "../../../digest/_preview.ts";
import { Digest } from "../../../digest/digest.ts";
import { DigestMismatchError } from "../../../digest/errors.ts";
import { createHasher, type Hasher } from "../../../digest/hasher.ts";
import {
  type ArchiveCheck,
  type EntryVisitor,
  type ReadArchive,
  readArchive,
} from "../_archive_reader.ts";
import { LayerError } from "../errors.ts";

/** What is known of a layer before it is read. */
export interface LayerCheck extends Omit<ArchiveCheck, "onPlain" | "onStored"> {
  /** The digest that the uncompressed archive must have. */
  readonly diffId?: string | undefined;
  /** The digest that the layer must have as it is stored. */
  readonly digest?: string | undefined;
}

/** What a layer turned out to be. */
export interface ReadLayer extends ReadArchive {
  /** The digest of the uncompressed archive. */
  readonly diffId: string;
}

/**
 * Reads a layer to its end, gives its entries out, keeps to the limits and checks
 * the digests last: what the visitor wrote must not count before this returns.
 */
export async function readLayer(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  check: LayerCheck,
  visit: EntryVisitor,
): Promise<ReadLayer> {
  const { compression, limits, signal, size } = check;
  const diffId = parse(check.diffId);
  const digest = parse(check.digest);
  const plain = createHasher(diffId?.algorithm);
  const stored = digest && createHasher(digest.algorithm);
  const read = await readArchive(
    stream,
    {
      compression,
      limits,
      signal,
      size,
      onPlain: (piece) => plain.update(piece),
      onStored: (piece) => stored?.update(piece),
    },
    (entry) => {
      const { name } = entry.header;
      try {
        return visit(entry)?.catch((error) => {
          throw explain(error, name);
        });
      } catch (error) {
        throw explain(error, name);
      }
    },
  );
  await compare(digest, stored);
  return { ...read, diffId: String(await compare(diffId, plain)) };
}

/** What a file system says of a name or a link that it cannot hold. */
const UNFIT: ReadonlySet<unknown> = new Set([
  // Where it has two names for the same, by their case or their composition.
  "EEXIST",
  "EILSEQ",
  "EINVAL",
  "ELOOP",
  "EMLINK",
  "ENAMETOOLONG",
]);

/** An entry that the file system cannot hold is named as it stands in the archive. */
function explain(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof LayerError) return error;
  const code = errorCode(error);
  if (!UNFIT.has(code)) return error;
  return new LayerError(
    "LAYER_CONFLICT",
    `Cannot unpack entry ${
      preview(name)
    }: the file system cannot hold it (${code})`,
    { cause: error },
  );
}

function parse(text: string | undefined): Digest | undefined {
  return text === undefined ? undefined : Digest.parse(text);
}

async function compare(
  expected: Digest | undefined,
  hasher: Hasher | undefined,
): Promise<Digest | undefined> {
  const found = await hasher?.digest();
  if (expected !== undefined && !found?.equals(expected)) {
    throw new DigestMismatchError(String(expected), String(found));
  }
  return found;
}
