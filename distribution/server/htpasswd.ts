import { OciError } from "../../digest/oci_error.ts";
import type { Authenticate } from "./basic_auth.ts";
import { rememberVerified } from "./_verified_credentials.ts";

/** bcrypt in its three spellings, with a cost of two digits. */
const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** A line of a password file that cannot be used. */
export class HtpasswdError extends OciError {
  /** The class's name. */
  override readonly name = "HtpasswdError";
  /** The number of the line, from 1. */
  readonly line: number;

  /** Makes an error about one line, whose content is not shown. */
  constructor(line: number, reason: string) {
    super("HTPASSWD_INVALID", `Cannot use htpasswd line ${line}: ${reason}`, {
      hint: "Make the line with: htpasswd -nB USER",
    });
    this.line = line;
  }
}

/**
 * Makes the check of names and passwords from the text of an `htpasswd` file, as
 * Apache's `htpasswd -B` makes them.
 *
 * Only bcrypt hashes are accepted; the older kinds can be guessed too fast. A
 * password that was right is remembered for five minutes under a keyed hash, so
 * that only a client's first request waits for bcrypt.
 *
 * @throws {HtpasswdError} A line is malformed, or its hash is of another kind.
 *
 * @example Let one user in
 * ```ts
 * import { createRegistry, htpasswd } from "@gantry/oci/distribution/server";
 * import { hash } from "bcryptjs";
 * import { assertEquals } from "@std/assert";
 *
 * const authenticate = htpasswd(`alice:${await hash("secret", 4)}\n`);
 * const registry = createRegistry({ authenticate });
 * const ask = (password: string) =>
 *   registry.fetch(
 *     new Request("http://localhost/v2/", {
 *       headers: { authorization: `Basic ${btoa(`alice:${password}`)}` },
 *     }),
 *   );
 * assertEquals((await ask("secret")).status, 200);
 * assertEquals((await ask("guess")).status, 401);
 * ```
 */
export function htpasswd(text: string): Authenticate {
  const hashes = parse(text);
  // A name that does not exist is checked against some other one's hash, so that
  // the time of an answer does not tell which names exist.
  const [decoy] = hashes.values();
  return rememberVerified(async (username, password) => {
    const { compare } = await import("bcryptjs");
    const hash = hashes.get(username);
    const right = decoy !== undefined &&
      await compare(password, hash ?? decoy);
    return right && hash !== undefined ? { name: username } : undefined;
  });
}

function parse(text: string): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  text.split("\n").forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const colon = line.indexOf(":");
    if (colon <= 0) {
      throw new HtpasswdError(index + 1, "expected USER:HASH");
    }
    const hash = line.slice(colon + 1);
    if (!BCRYPT.test(hash)) {
      throw new HtpasswdError(index + 1, "only bcrypt hashes are accepted");
    }
    hashes.set(line.slice(0, colon), hash);
  });
  return hashes;
}
