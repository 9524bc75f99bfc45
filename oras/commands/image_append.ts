import { appendToImage } from "../append_to_image.ts";
import type { ImageLayer } from "../image_layer.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { withoutWriting } from "./_dry_store.ts";
import { readFormat } from "./_format.ts";
import { openImageLayer } from "./_image_layers.ts";
import { checkTag, describeLocation, readLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import { readEpoch } from "./_pack_options.ts";
import { readPlatform } from "./_platform.ts";
import { pushedBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Puts layers on top of an image. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = "", ...files], console, flags, signal } =
    invocation;
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const tags = flags.list("tag");
  if (location.kind === "registry") {
    for (const tag of tags) checkTag(tag, tag);
  }
  const platform = readPlatform(flags.text("platform"));
  const prefix = flags.text("prefix").replace(/^\/+/, "");
  const epoch = readEpoch();
  const opened = await openStore(invocation, location);
  const isDry = flags.bool("dry-run");
  const store = isDry ? withoutWriting(opened) : opened;
  await using release = new AsyncDisposableStack();
  const layers: ImageLayer[] = [];
  for (const file of files) {
    const layer = release.use(
      await openImageLayer(file, { prefix, epoch, signal }),
    );
    layers.push(layer);
  }
  const { descriptor } = await (async () => {
    using view = watchTransfers(invocation, {
      lines: format.isText && !isDry ? 9 : undefined,
    });
    return await appendToImage(store, location.target!, {
      layers,
      tags,
      platform,
      created: new Date(epoch === undefined ? Date.now() : epoch * 1000),
      concurrency: readConcurrency(flags),
      onProgress: view.onProgress,
      signal,
    });
  })();
  format.print(console, pushedBlock(location.name, descriptor, tags));
  const where = describeLocation(location, descriptor.digest);
  if (isDry) console.err(`Would push ${where}`);
  if (!format.isText) return;
  if (!isDry) {
    console.out(`Pushed ${where}`);
    for (const tag of tags) console.out(`Tagged ${tag}`);
  }
  console.out(`Digest: ${descriptor.digest}`);
}
