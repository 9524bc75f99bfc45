import { createTarPacker } from "modern-tar";

/** Metadata of an entry. */
export interface TarStreamOptions {
  /** Permission bits. */
  mode?: number;
  /** Owner id. */
  uid?: number;
  /** Group id. */
  gid?: number;
  /** Seconds since the epoch. */
  mtime?: number;
  /** Owner name. */
  uname?: string;
  /** Group name. */
  gname?: string;
}

/** A file to archive. */
export interface TarStreamFile {
  /** The kind of entry. */
  type: "file";
  /** Path inside the archive. */
  path: string;
  /** Size of the content in bytes. */
  size: number;
  /** The content. */
  readable: ReadableStream<Uint8Array>;
  /** Metadata. */
  options?: TarStreamOptions;
}

/** A directory to archive. */
export interface TarStreamDir {
  /** The kind of entry. */
  type: "directory";
  /** Path inside the archive. */
  path: string;
  /** Metadata. */
  options?: TarStreamOptions;
}

/** What a {@linkcode TarStream} takes. */
export type TarStreamInput = TarStreamFile | TarStreamDir;

/** Turns a stream of entries into a stream of the archive's bytes. */
export class TarStream implements TransformStream<TarStreamInput, Uint8Array> {
  /** The archive's bytes. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the entries, in order. */
  readonly writable: WritableStream<TarStreamInput>;

  /** Makes an empty archive. */
  constructor() {
    const { readable, controller } = createTarPacker();
    this.readable = readable;
    this.writable = new WritableStream<TarStreamInput>({
      async write(entry) {
        const { mode, mtime, uid, gid, uname, gname } = entry.options ?? {};
        const body = controller.add({
          name: entry.path,
          type: entry.type,
          size: entry.type === "file" ? entry.size : 0,
          mode: mode ?? (entry.type === "file" ? 0o644 : 0o755),
          mtime: mtime === undefined ? new Date() : new Date(mtime * 1000),
          uid: uid ?? 0,
          gid: gid ?? 0,
          uname: uname ?? "",
          gname: gname ?? "",
        });
        if (entry.type === "file") await entry.readable.pipeTo(body);
        else await body.close();
      },
      close: () => controller.finalize(),
      abort: (reason) => controller.error(reason),
    });
  }
}
