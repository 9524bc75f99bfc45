import { parseEntryName } from "../../image/layer/entry_name.ts";
import { readTar } from "../../image/layer/read_tar.ts";
import { parseWhiteout } from "../../image/layer/whiteout.ts";
import type { Invocation } from "./_command.ts";
import { readFormat } from "./_format.ts";
import { requireDirectory } from "./_local_file.ts";
import { packToFile, readPacking } from "./_local_layer.ts";
import { printable } from "./_printable.ts";

/** Lists what makes one tree of another, or packs it into a layer. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [from, to], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  if (flags.given("output")) return await packToFile(invocation, to!, from);
  for (const path of [from!, to!]) await requireDirectory(path);
  const { tarChanges } = await import("../../image/layer/node/tar_changes.ts");
  const changes: { kind: keyof typeof LETTERS; path: string }[] = [];
  const options = { ...readPacking(flags), base: from, signal };
  for await (const { header } of readTar(tarChanges(to!, options))) {
    const parts = parseEntryName(header.name);
    const whiteout = parseWhiteout(parts, header.type);
    const path = whiteout.kind === "path" ? whiteout.parts : parts;
    const kind = whiteout.kind === "path"
      ? "deleted"
      : await exists([from, ...path].join("/"))
      ? "changed"
      : "added";
    const change = { kind, path: path.join("/") } as const;
    if (format.isText) {
      console.out(`${LETTERS[change.kind]} ${printable(change.path)}`);
    } else changes.push(change);
  }
  format.print(console, { changes });
}

const LETTERS = { added: "A", changed: "C", deleted: "D" } as const;

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
