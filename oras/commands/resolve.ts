import type { Invocation } from "./_command.ts";
import { fetchManifest } from "./_fetch_manifest.ts";
import { readFormat } from "./_format.ts";
import { readLocation, showLocation } from "./_location.ts";
import { openReader } from "./_open_store.ts";
import { readPlatform } from "./_platform.ts";
import { descriptorBlock } from "./render/descriptor.ts";

/** Prints the digest that a reference stands for. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const platform = readPlatform(flags.text("platform"));
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const store = await openReader(invocation, location);
  // Mirrors answer what is read: no question of what is there.
  const isMirrored = flags.list("mirror").length > 0;
  const descriptor = platform === undefined && !isMirrored
    ? await store.resolve(location.target!, { signal })
    : (await fetchManifest(store, location.target!, { platform, signal }))
      .descriptor;
  const { digest } = descriptor;
  if (!format.isText) {
    format.print(console, descriptorBlock(location.name, descriptor));
  } else if (flags.bool("full-reference")) {
    console.out(showLocation(location, digest));
  } else {
    console.out(digest);
  }
}
