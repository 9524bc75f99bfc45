/** `bcryptjs` that counts: an import map puts it in the place of the real one. */
import * as real from "bcryptjs";

/** The hashes that passwords were compared with. */
export const compared: string[] = [];

/** Compares a password with a hash, and keeps which hash that was. */
export async function compare(
  password: string,
  hash: string,
): Promise<boolean> {
  compared.push(hash);
  return await real.compare(password, hash);
}
