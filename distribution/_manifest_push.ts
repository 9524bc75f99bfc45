import { Digest } from "../digest/digest.ts";
import { DigestMismatchError } from "../digest/errors.ts";
import { verifyStream } from "../digest/verify_stream.ts";
import { addressedBytes } from "../image/addressed_bytes.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { MediaTypes } from "../image/media_type.ts";
import { abortableSource } from "./_abortable_source.ts";
import { MAX_METADATA_SIZE } from "./_body.ts";
import { readAll } from "./_read_all.ts";
import { ProtocolError } from "./errors.ts";
import type { SignalOptions } from "./signal_options.ts";
import type { Source } from "./source.ts";

/**
 * Reads a manifest that is about to be pushed, and checks it against its descriptor; of
 * a signed one of schema 1, what was signed, which is what it is addressed by.
 *
 * @throws {ContentError} It is not what the descriptor says.
 * @throws {ProtocolError} `BODY_TOO_LARGE`: it is larger than 4 MiB.
 */
export async function readManifestSource(
  descriptor: Descriptor,
  source: Source,
  { signal }: SignalOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { digest, mediaType, size } = descriptor;
  const { algorithm } = Digest.parse(digest);
  const isSigned = mediaType === MediaTypes.dockerSchema1Signed;
  const stream = await abortableSource(source, signal).open();
  const checked = isSigned ? stream : verifyStream(stream, { digest, size });
  const bytes = await readAll(
    checked,
    MAX_METADATA_SIZE,
    () =>
      new ProtocolError(
        "BODY_TOO_LARGE",
        `Cannot push manifest ${digest}: it is larger than ${MAX_METADATA_SIZE} bytes`,
      ),
  );
  if (isSigned) {
    const found = String(
      await Digest.fromBytes(addressedBytes(bytes, mediaType), { algorithm }),
    );
    if (found !== digest) throw new DigestMismatchError(digest, found);
  }
  return bytes;
}
