import type { RawManifest } from "../../distribution/manifests.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import { toSource } from "../../distribution/source.ts";
import { can, type WritableStore } from "../store.ts";

/** Brings a manifest in and tags it, with as few requests as the store lets. */
export async function putTagged(
  store: WritableStore,
  { bytes, descriptor }: RawManifest,
  tags: readonly string[],
  { signal }: SignalOptions,
): Promise<void> {
  const source = toSource(bytes);
  if (tags.length > 0 && can(store, "pushTagged")) {
    return await store.pushTagged(descriptor, source, tags, { signal });
  }
  await store.push(descriptor, source, { signal, skipCheck: true });
  for (const tag of tags) await store.tag(descriptor, tag, { signal });
}
