import { type Compression, decompress } from "../../image/layer/compression.ts";
import type { LayerTime } from "../../image/layer/node/_clock.ts";
import type { PackedLayer } from "../../image/layer/node/_pack.ts";
import { readTar, type TarEntryHeader } from "../../image/layer/read_tar.ts";
import type { Invocation } from "./_command.ts";
import { readVariable } from "./_environment.ts";
import { writePiece } from "./_console.ts";
import { UsageError } from "./_errors.ts";
import type { FlagValues } from "./_flag.ts";
import { readFormat } from "./_format.ts";
import { prettyJson } from "./_json.ts";
import { requireDirectory, streamLocal } from "./_local_file.ts";
import { type OpenDevice, openDevice, outputPath } from "./_output_path.ts";
import { printable } from "./_printable.ts";

/** Reads the headers of a layer in a file or on stdin, however it is compressed. */
export async function* readLocalLayer(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<TarEntryHeader, void, undefined> {
  const stored = await streamLocal(path, signal);
  const tar = decompress(stored, "auto", { signal });
  for await (const { header } of readTar(tar)) {
    signal.throwIfAborted();
    yield header;
  }
}

/** Reads how a layer is to be packed. */
export function readPacking(
  flags: FlagValues,
): {
  compression: Compression;
  level: number;
  mtime: LayerTime;
  owners: "keep" | "normalize";
  xattrs: "keep" | "ignore";
} {
  const level = flags.int("level");
  if (level < 1 || level > 9) {
    throw new UsageError(`invalid level ${level}: expected 1 to 9`);
  }
  return {
    compression: flags.text("compression") as Compression,
    level,
    mtime: readTime(flags),
    owners: flags.bool("keep-owners") ? "keep" : "normalize",
    xattrs: flags.bool("xattrs") ? "keep" : "ignore",
  };
}

/** `--mtime` for all entries, else `SOURCE_DATE_EPOCH` as the latest. */
function readTime(flags: FlagValues): LayerTime {
  if (flags.given("mtime")) {
    const text = flags.text("mtime");
    const time = new Date(/^\d+$/.test(text) ? Number(text) * 1000 : text);
    if (Number.isNaN(time.getTime())) {
      throw new UsageError(
        `invalid time ${
          JSON.stringify(text)
        }: expected seconds since 1970 or as 2024-01-31T12:00:00Z`,
      );
    }
    return time;
  }
  const epoch = readVariable("SOURCE_DATE_EPOCH");
  if (epoch === undefined) return "keep";
  if (!/^\d{1,12}$/.test(epoch)) {
    throw new UsageError(
      `SOURCE_DATE_EPOCH is no number of seconds: ${JSON.stringify(epoch)}`,
    );
  }
  return { clampTo: new Date(Number(epoch) * 1000) };
}

/** Packs a tree into a file, which appears under its name when it is whole, and tells what it is. */
export async function packToFile(
  invocation: Invocation,
  directory: string,
  base: string | undefined,
): Promise<void> {
  const { console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const output = flags.text("output");
  const options = { ...readPacking(flags), base, signal };
  const { packLayer, packLayerToFile } = await import(
    "../../image/layer/node/pack_layer.ts"
  );
  for (const path of base === undefined ? [directory] : [base, directory]) {
    await requireDirectory(path);
  }
  if (flags.bool("dry-run")) {
    const { result, stream } = packLayer(directory, options);
    for await (const _ of stream) signal.throwIfAborted();
    console.err(`Would write ${printable(output)}`);
    return print(await result);
  }
  if (output === "-") {
    const { result, stream } = packLayer(directory, options);
    await writePieces(Deno.stdout, stream, signal);
    console.err(describe(await result));
    return;
  }
  const { isDevice, path } = await outputPath(output);
  if (isDevice) {
    const { result, stream } = packLayer(directory, options);
    using device = await openDevice(path, signal);
    await writePieces(device, stream, signal);
    return print(await result);
  }
  print(await packLayerToFile(directory, path, options));

  function print(layer: PackedLayer): void {
    // Nobody but a program would read it as other lines.
    if (format.isText) console.out(describe(layer));
    else format.print(console, valueOf(layer));
  }
}

async function writePieces(
  output: Pick<OpenDevice, "write">,
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Promise<void> {
  for await (const piece of stream) {
    signal.throwIfAborted();
    await writePiece(output, piece);
  }
}

function describe(layer: PackedLayer): string {
  return prettyJson(valueOf(layer));
}

function valueOf({ diffId, digest, mediaType, size }: PackedLayer): unknown {
  return { mediaType, digest, size, diffId };
}
