import { RegistryClient } from "../../distribution/registry_client.ts";
import { Repository } from "../../distribution/repository.ts";
import type { LayoutStore } from "../stores/node/layout_store.ts";
import type { Invocation } from "./_command.ts";
import type { Location } from "./_location.ts";
import type { CachedStore } from "./_cached_store.ts";
import type { LayoutFile } from "./_layout_file.ts";
import { readVariable } from "./_environment.ts";
import { remoteOptions } from "./_remote.ts";

/** A store that a command works on. */
export type CommandStore = Repository | LayoutStore;

/** A store that a command only reads. */
export type ReadingStore = CommandStore | LayoutFile;

/** A store that a command reads, perhaps through a cache. */
export type SourceStore = ReadingStore | CachedStore;

/**
 * Opens the store that an argument points at for reading: through the cache that
 * `ORAS_CACHE` names, if any. With `--dry-run` nothing is kept there.
 */
export async function openSource(
  invocation: Invocation,
  location: Location,
): Promise<SourceStore> {
  const store = await openReader(invocation, location);
  const path = readVariable("ORAS_CACHE");
  if (path === undefined || !(store instanceof Repository)) return store;
  const { flags } = invocation;
  if (flags.knows("dry-run") && flags.bool("dry-run")) return store;
  const { LayoutStore } = await import("../stores/node/layout_store.ts");
  const { CachedStore } = await import("./_cached_store.ts");
  return new CachedStore(store, new LayoutStore(path));
}

/** Opens the store that an argument points at for reading; a layout may be in a tar file. */
export async function openReader(
  invocation: Invocation,
  location: Location,
): Promise<ReadingStore> {
  const { kind, name } = location;
  if (kind === "oci-layout" && await isFile(name)) {
    const { LayoutFile } = await import("./_layout_file.ts");
    return await LayoutFile.open(name, { signal: invocation.signal });
  }
  return await openStore(invocation, location);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    // What it is that cannot be opened is told by whoever opens it.
    return false;
  }
}

/** Opens the store that an argument points at. Nothing is sent by it. */
export async function openStore(
  invocation: Invocation,
  location: Location,
): Promise<CommandStore> {
  const { repository } = location;
  if (repository === undefined) {
    const { LayoutStore } = await import("../stores/node/layout_store.ts");
    return new LayoutStore(location.name);
  }
  const { registry } = repository;
  const options = await remoteOptions(invocation, registry);
  const client = new RegistryClient(registry, options);
  return client.repository(repository.repository);
}
