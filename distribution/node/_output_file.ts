import { open } from "node:fs/promises";

/** A file that is written from a position on, piece by piece. */
export interface OutputFile {
  /** Writes the whole of a piece behind the one before; the piece must not change meanwhile. */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Cuts the file off. */
  truncate(size: number): Promise<void>;
  /** Closes it. */
  close(): Promise<void>;
}

/** How {@linkcode openOutputFile} opens. */
export interface OpenOutputFileOptions {
  /**
   * The position to write from in a file that exists; without it a file is made,
   * never through something that stands there already.
   */
  readonly position?: number | undefined;
}

/**
 * Opens a file whose writes run beside the caller.
 *
 * Deno's `node:fs` writes on the caller's own thread, promises or not: for the
 * time of a write nothing is received and nothing hashed. `Deno.FsFile` writes on
 * another, so it is taken where it exists.
 */
export async function openOutputFile(
  path: string,
  options: OpenOutputFileOptions = {},
): Promise<OutputFile> {
  return "Deno" in globalThis
    ? await openByDeno(path, options)
    : await openByNode(path, options);
}

async function openByDeno(
  path: string,
  { position }: OpenOutputFileOptions,
): Promise<OutputFile> {
  const file = await Deno.open(path, {
    write: true,
    createNew: position === undefined,
  });
  if (position !== undefined) await file.seek(position, Deno.SeekMode.Start);
  return {
    async write(piece) {
      let rest = piece;
      while (rest.byteLength > 0) rest = rest.subarray(await file.write(rest));
    },
    truncate: (size) => file.truncate(size),
    close: () => Promise.resolve(file.close()),
  };
}

async function openByNode(
  path: string,
  { position }: OpenOutputFileOptions,
): Promise<OutputFile> {
  const file = await open(path, position === undefined ? "wx" : "r+");
  let end = position ?? 0;
  return {
    async write(piece) {
      let rest = piece;
      while (rest.byteLength > 0) {
        const { bytesWritten } = await file.write(
          rest,
          0,
          rest.byteLength,
          end,
        );
        end += bytesWritten;
        rest = rest.subarray(bytesWritten);
      }
    },
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
  };
}
