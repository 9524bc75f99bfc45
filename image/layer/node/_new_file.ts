import { closeSync, constants, fstatSync, openSync, unlinkSync } from "node:fs";

/** How a file is opened that is to be made: what is there already is not written to, nor a link followed. */
export const CREATE: number = constants.O_CREAT | constants.O_EXCL |
  constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/** What a file has that was just made. */
export interface Given {
  readonly uid: number;
  readonly gid: number;
  /** The permission bits that it gets where they are asked for. */
  readonly modes: number;
}

/**
 * Finds out what a file has that is made beside a directory, by its umask, its default
 * access list and whose group it hands on: two calls less are needed for most then.
 */
export function probe(directory: string): Given {
  const path = `${directory}.probe`;
  const file = openSync(path, CREATE, 0o777);
  try {
    const { gid, mode, uid } = fstatSync(file);
    return { uid, gid, modes: mode & 0o777 };
  } finally {
    closeSync(file);
    unlinkSync(path);
  }
}
