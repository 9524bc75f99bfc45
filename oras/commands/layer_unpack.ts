import type { Invocation } from "./_command.ts";
import { refuseTogether } from "./_exclusive.ts";
import { type Format, readFormat } from "./_format.ts";
import { streamLocal } from "./_local_file.ts";
import { readLocalLayer } from "./_local_layer.ts";
import { printable } from "./_printable.ts";

/** Applies layers to a directory, base first. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, flags, signal } = invocation;
  const format = await readFormat(flags);
  refuseTogether(flags, "keep-owners", "ignore-owners");
  refuseTogether(flags, "xattrs", "ignore-xattrs");
  if (flags.bool("dry-run")) return await tryOut(invocation, format);
  const diffIds = flags.list("diff-id");
  const { applyLayers } = await import(
    "../../image/layer/node/apply_layers.ts"
  );
  const { chainId, layers } = await applyLayers(
    args.map((path, index) => ({
      open: () => streamLocal(path, signal),
      diffId: diffIds[index],
    })),
    flags.text("output"),
    {
      signal,
      ...flags.bool("keep-owners") && { owners: "keep" },
      ...flags.bool("ignore-owners") && { owners: "ignore" },
      ...flags.bool("xattrs") && { xattrs: "keep" },
      ...flags.bool("ignore-xattrs") && { xattrs: "ignore" },
    },
  );
  if (!format.isText) return format.print(console, { layers, chainId });
  for (const [index, layer] of layers.entries()) {
    const { diffId, entries, skipped, unsetXattrs } = layer;
    for (const name of skipped) {
      console.err(`Skipped ${printable(name)}: a device or a pipe`);
    }
    for (const name of unsetXattrs) {
      console.err(
        `Left out the extended attribute ${
          printable(name)
        }: it cannot be set here`,
      );
    }
    console.out(
      `Unpacked ${printable(args[index]!)} (${entries} entries) ${diffId}`,
    );
  }
}

/** Reads the layers, and says how many entries they have. */
async function tryOut(
  { args, console, flags, signal }: Invocation,
  format: Format,
): Promise<void> {
  const output = printable(flags.text("output"));
  const layers: unknown[] = [];
  for (const path of args) {
    let entries = 0;
    for await (const _ of readLocalLayer(path, signal)) entries++;
    layers.push({ file: path, entries });
    console.err(
      `Would unpack ${printable(path)} (${entries} entries) into ${output}`,
    );
  }
  format.print(console, { layers });
}
