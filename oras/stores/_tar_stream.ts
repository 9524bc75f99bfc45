import { TarStream, type TarStreamInput } from "@std/tar/tar-stream";
import { byteReader } from "../../digest/_tap_stream.ts";
import type { Source } from "../../distribution/source.ts";

/** A file of an archive that is made. */
export interface TarFile {
  /** Its path. */
  readonly path: string;
  /** Its content. */
  readonly source: Source;
}

/** The mode of files, and a time that says nothing, so that the same files make the same archive. */
const OPTIONS = { mode: 0o644, mtime: 0, uid: 0, gid: 0 };
/** A multiple of a tar's block: others make the packer give out small pieces. */
const CHUNK = 256 * 1024;

/** Makes an archive of files, one after the other, as it is read. */
export function tarStream(
  files: AsyncIterable<TarFile>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = files[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  const inputs = new ReadableStream<TarStreamInput>({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done) return controller.close();
        const { path, source } = value;
        controller.enqueue({
          type: "file",
          path,
          size: source.size,
          readable: await source.open(),
          options: OPTIONS,
        });
      } catch (error) {
        failure = { error };
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  }, { highWaterMark: 0 });
  const reader = byteReader(
    inputs.pipeThrough(new TarStream()),
  );
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: CHUNK,
    async pull(controller) {
      const request = controller.byobRequest!;
      try {
        const { done, value } = await reader.read(
          request.view as Uint8Array<ArrayBuffer>,
        );
        if (done) controller.close();
        request.respondWithNewView(value ?? new Uint8Array());
      } catch (error) {
        throw failure?.error ?? error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
