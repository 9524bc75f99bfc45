import type { TarEntryHeader } from "../../image/layer/read_tar.ts";
import type { Invocation } from "./_command.ts";
import { readFormat } from "./_format.ts";
import { readLocalLayer } from "./_local_layer.ts";
import { printable } from "./_printable.ts";

/** Lists the entries of a layer. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [path = "-"], console, flags } = invocation;
  const format = await readFormat(flags);
  const entries: Record<string, unknown>[] = [];
  for await (const header of readLocalLayer(path, invocation.signal)) {
    if (format.isText) console.out(lineOf(header));
    else entries.push(objectOf(header));
  }
  format.print(console, { entries });
}

const LETTERS: Readonly<Record<TarEntryHeader["type"], string>> = {
  "file": "-",
  "directory": "d",
  "symlink": "l",
  "link": "h",
  "character-device": "c",
  "block-device": "b",
  "fifo": "p",
};

/** A line as `tar -tv` prints it, with numbers for owners and the time in UTC. */
function lineOf(header: TarEntryHeader): string {
  const { linkname, mode, mtime, name, size, type } = header;
  const owner = `${header.uid}/${header.gid}`;
  const time = timeOf(mtime).slice(0, 16).replace("T", " ");
  const arrow = type === "symlink"
    ? ` -> ${linkname}`
    : type === "link"
    ? ` link to ${linkname}`
    : "";
  const amount = String(size).padStart(Math.max(1, 19 - owner.length));
  return printable(
    `${LETTERS[type]}${
      modeOf(mode)
    } ${owner} ${amount} ${time} ${name}${arrow}`,
  );
}

/** `rwxr-xr-x`, with set-id and sticky bits in their places. */
function modeOf(mode: number): string {
  const bits = [..."rwxrwxrwx"].map((letter, index) =>
    mode & 0o400 >> index ? letter : "-"
  );
  const special = [[0o4000, 2, "s"], [0o2000, 5, "s"], [
    0o1000,
    8,
    "t",
  ]] as const;
  for (const [bit, index, letter] of special) {
    if ((mode & bit) === 0) continue;
    bits[index] = bits[index] === "x" ? letter : letter.toUpperCase();
  }
  return bits.join("");
}

function objectOf(header: TarEntryHeader): Record<string, unknown> {
  const { gid, linkname, mode, mtime, name, size, type, uid, xattrs } = header;
  return {
    name,
    type,
    size,
    mode: `0${(mode & 0o7777).toString(8)}`,
    uid,
    gid,
    mtime: timeOf(mtime),
    ...linkname !== "" && { linkname },
    ...header.sparse && { sparse: true },
    // Their values are bytes.
    ...xattrs.size > 0 && {
      xattrs: Object.fromEntries(
        Array.from(xattrs, ([key, value]) => [key, value.toBase64()]),
      ),
    },
  };
}

/** Archives may hold times that no calendar has. */
function timeOf(time: Date): string {
  return Number.isNaN(time.getTime()) ? "unknown" : time.toISOString();
}
