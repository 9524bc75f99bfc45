import { decodeText } from "../_text.ts";
import { LayerError } from "../errors.ts";

/** The system's calls for extended attributes. None follows a link at a path's end. */
export interface XattrCalls {
  /** The names that something has; none where the file system has no such thing. */
  list(path: string): string[];
  /** A value, or undefined where it is gone. */
  get(path: string, name: string): Uint8Array<ArrayBuffer> | undefined;
  /** Sets a value. */
  set(path: string, name: string, value: Uint8Array<ArrayBuffer>): void;
  /** Removes one, if it is there. */
  remove(path: string, name: string): void;
  /** Lets the library go. */
  close(): void;
}

/** A call of the system that failed. */
export class XattrError extends Error {
  /** The class's name. */
  override readonly name = "XattrError";
  /** The error's number, which depends on the system. */
  readonly errno: number;

  /** Makes an error of a call. */
  constructor(call: string, errno: number) {
    super(`${call} failed with ${NAMES.get(errno) ?? `error ${errno}`}`);
    this.errno = errno;
  }
}

const MACOS = "darwin";
/** XATTR_NOFOLLOW of macOS, whose calls take options where Linux has calls of their own. */
const NO_FOLLOW = 1;
const ERANGE = 34;
/** What a small value and a list of names fit in. */
const ROOM = 4096;

/** The errors that are told from others, by number: Linux has the first, macOS the second. */
const NO_SUCH_ATTRIBUTE = [61, 93];
const NOT_SUPPORTED = [95, 45];

const NAMES: ReadonlyMap<number, string> = new Map([
  [1, "EPERM"],
  [2, "ENOENT"],
  [7, "E2BIG"],
  [13, "EACCES"],
  [22, "EINVAL"],
  [28, "ENOSPC"],
  [30, "EROFS"],
  [34, "ERANGE"],
  [36, "ENAMETOOLONG"],
  [45, "ENOTSUP"],
  [95, "ENOTSUP"],
  [122, "EDQUOT"],
]);

/**
 * Opens the system's library: nothing in `node:fs` reaches these calls.
 *
 * @param ask Whether the user may be asked for the right to, and must have it; else
 * what is not at hand gives undefined.
 *
 * @throws {LayerError} They are wanted and cannot be had.
 */
export function openXattrs(ask: true): XattrCalls;
export function openXattrs(ask: boolean): XattrCalls | undefined;
export function openXattrs(ask: boolean): XattrCalls | undefined {
  if (!("Deno" in globalThis)) {
    if (!ask) return undefined;
    throw unsupported("only Deno can call the system's library for them");
  }
  if (Deno.build.os === "windows") {
    if (!ask) return undefined;
    throw unsupported("Windows has none of this kind");
  }
  // An open question would stop what can do without an answer.
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  if (!ask && state !== "granted") return undefined;
  try {
    return Deno.build.os === MACOS ? openMacos() : openLinux();
  } catch (cause) {
    if (!ask) return undefined;
    throw unsupported(
      cause instanceof Error ? cause.message : String(cause),
      { cause, hint: "Deno must be run with --allow-ffi" },
    );
  }
}

function unsupported(
  reason: string,
  options?: { readonly cause?: unknown; readonly hint?: string },
): LayerError {
  return new LayerError(
    "LAYER_UNSUPPORTED",
    `Cannot keep extended attributes: ${reason}`,
    options,
  );
}

/** What reads the number of the last error of this thread. */
function errnoOf(
  place: () => Deno.PointerValue,
): () => number {
  return () => {
    const pointer = place();
    return pointer === null
      ? 0
      : new Deno.UnsafePointerView(pointer).getInt32();
  };
}

function openLinux(): XattrCalls {
  const path = "buffer" as const;
  const calls = {
    llistxattr: { parameters: [path, "buffer", "usize"], result: "isize" },
    lgetxattr: {
      parameters: [path, "buffer", "buffer", "usize"],
      result: "isize",
    },
    lsetxattr: {
      parameters: [path, "buffer", "buffer", "usize", "i32"],
      result: "i32",
    },
    lremovexattr: { parameters: [path, "buffer"], result: "i32" },
    __errno_location: { parameters: [], result: "pointer" },
  } as const;
  const library = openFirst(
    // glibc's, and musl's, which has the processor in its name.
    ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`],
    calls,
  );
  const { symbols } = library;
  return wrap({
    list: (path, room) =>
      symbols.llistxattr(path, room, BigInt(room.byteLength)),
    get: (path, name, room) =>
      symbols.lgetxattr(path, name, room, BigInt(room.byteLength)),
    set: (path, name, value) =>
      symbols.lsetxattr(path, name, value, BigInt(value.byteLength), 0),
    remove: (path, name) => symbols.lremovexattr(path, name),
    errno: errnoOf(() => symbols.__errno_location()),
    close: () => library.close(),
  });
}

function openMacos(): XattrCalls {
  const path = "buffer" as const;
  const calls = {
    listxattr: {
      parameters: [path, "buffer", "usize", "i32"],
      result: "isize",
    },
    getxattr: {
      parameters: [path, "buffer", "buffer", "usize", "u32", "i32"],
      result: "isize",
    },
    setxattr: {
      parameters: [path, "buffer", "buffer", "usize", "u32", "i32"],
      result: "i32",
    },
    removexattr: { parameters: [path, "buffer", "i32"], result: "i32" },
    __error: { parameters: [], result: "pointer" },
  } as const;
  const library = openFirst(["libSystem.dylib"], calls);
  const { symbols } = library;
  return wrap({
    list: (path, room) =>
      symbols.listxattr(path, room, BigInt(room.byteLength), NO_FOLLOW),
    get: (path, name, room) =>
      symbols.getxattr(
        path,
        name,
        room,
        BigInt(room.byteLength),
        0,
        NO_FOLLOW,
      ),
    set: (path, name, value) =>
      symbols.setxattr(
        path,
        name,
        value,
        BigInt(value.byteLength),
        0,
        NO_FOLLOW,
      ),
    remove: (path, name) => symbols.removexattr(path, name, NO_FOLLOW),
    errno: errnoOf(() => symbols.__error()),
    close: () => library.close(),
  });
}

function openFirst<S extends Deno.ForeignLibraryInterface>(
  names: readonly string[],
  symbols: S,
): Deno.DynamicLibrary<S> {
  let failure: unknown;
  for (const name of names) {
    try {
      return Deno.dlopen(name, symbols);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

type Text = Uint8Array<ArrayBuffer>;

/** The calls of one system, with texts that end with a NUL. */
interface RawCalls {
  list(path: Text, room: Uint8Array<ArrayBuffer>): bigint;
  get(path: Text, name: Text, room: Uint8Array<ArrayBuffer>): bigint;
  set(path: Text, name: Text, value: Uint8Array<ArrayBuffer>): number;
  remove(path: Text, name: Text): number;
  errno(): number;
  close(): void;
}

function wrap(calls: RawCalls): XattrCalls {
  return {
    list(path) {
      const text = terminated(path);
      const names = filled(
        calls,
        "list",
        NOT_SUPPORTED,
        (room) => calls.list(text, room),
      );
      return names === undefined
        ? []
        : decodeText(names).split("\0").filter((name) => name !== "");
    },
    get(path, name) {
      const texts = [terminated(path), terminated(name)] as const;
      return filled(
        calls,
        "get",
        NO_SUCH_ATTRIBUTE,
        (room) => calls.get(...texts, room),
      );
    },
    set(path, name, value) {
      if (calls.set(terminated(path), terminated(name), value) === 0) return;
      throw new XattrError("setxattr", calls.errno());
    },
    remove(path, name) {
      if (calls.remove(terminated(path), terminated(name)) === 0) return;
      const errno = calls.errno();
      if (NO_SUCH_ATTRIBUTE.includes(errno)) return;
      throw new XattrError("removexattr", errno);
    },
    close: () => calls.close(),
  };
}

/** Asks with more and more room, and gives undefined for errors that mean nothing is there. */
function filled(
  calls: RawCalls,
  what: "list" | "get",
  absent: readonly number[],
  call: (room: Uint8Array<ArrayBuffer>) => bigint,
): Uint8Array<ArrayBuffer> | undefined {
  for (let size = ROOM;; size *= 4) {
    const room = new Uint8Array(size);
    const count = Number(call(room));
    if (count >= 0) return room.slice(0, count);
    const errno = calls.errno();
    if (absent.includes(errno)) return undefined;
    if (errno !== ERANGE || size > 2 ** 26) {
      throw new XattrError(`${what}xattr`, errno);
    }
  }
}

function terminated(text: string): Text {
  return new TextEncoder().encode(`${text}\0`);
}
