import { preview } from "../../digest/_preview.ts";
import { UnsafeEntryError } from "./errors.ts";
import type { TarEntryType } from "./read_tar.ts";

/** How the name of a whiteout begins. */
export const WHITEOUT_PREFIX = ".wh.";
/** The name of a whiteout that hides all that lower layers have in its directory. */
export const OPAQUE_WHITEOUT = ".wh..wh..opq";

/** What an entry means for the layers below. */
export type Whiteout =
  /** It is an entry as any other. */
  | { readonly kind: "none" }
  /** It hides one path of the layers below. */
  | { readonly kind: "path"; readonly parts: readonly string[] }
  /** It hides all that the layers below have in a directory. */
  | { readonly kind: "opaque"; readonly parts: readonly string[] }
  /** It is book-keeping of a union file system, and means nothing. */
  | { readonly kind: "metadata" };

/**
 * Tells whether an entry hides something of the layers below.
 *
 * Names that begin with `.wh.` cannot stand for anything else; `.wh..wh.` begins
 * what AUFS left in old layers. Follows image-spec `layer.md` §Whiteouts.
 *
 * @param parts The entry's name, as {@linkcode parseEntryName} gives it.
 *
 * @throws {UnsafeEntryError} It hides nothing that can have a name, or is no file.
 *
 * @example
 * ```ts
 * import { parseWhiteout } from "@gantry/oci/image/layer";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseWhiteout(["etc", ".wh.motd"]), { kind: "path", parts: ["etc", "motd"] });
 * assertEquals(parseWhiteout(["etc", ".wh..wh..opq"]), { kind: "opaque", parts: ["etc"] });
 * assertEquals(parseWhiteout(["etc", "motd"]), { kind: "none" });
 * ```
 */
export function parseWhiteout(
  parts: readonly string[],
  type: TarEntryType = "file",
): Whiteout {
  const index = parts.findIndex((part) => part.startsWith(WHITEOUT_PREFIX));
  if (index === -1) return { kind: "none" };
  const name = parts.join("/");
  const parents = parts.slice(0, index);
  const base = parts[index]!;
  const last = index === parts.length - 1;
  if (base === OPAQUE_WHITEOUT && last && type === "file") {
    return { kind: "opaque", parts: parents };
  }
  if (base.startsWith(".wh..wh.")) return { kind: "metadata" };
  if (!last) {
    throw new UnsafeEntryError(
      name,
      `expected no directory of the name ${preview(base)}`,
    );
  }
  if (type !== "file") {
    throw new UnsafeEntryError(name, `expected a file, found a ${type}`);
  }
  const hidden = base.slice(WHITEOUT_PREFIX.length);
  if (hidden === "" || hidden === "." || hidden === "..") {
    throw new UnsafeEntryError(name, "expected the name of what it hides");
  }
  return { kind: "path", parts: [...parents, hidden] };
}
