import { RegistryClient } from "../../distribution/registry_client.ts";
import type { Repository } from "../../distribution/repository.ts";
import type { LayoutStore } from "../stores/node/layout_store.ts";
import type { Invocation } from "./_command.ts";
import type { Location } from "./_location.ts";
import { remoteOptions } from "./_remote.ts";

/** A store that a command works on. */
export type CommandStore = Repository | LayoutStore;

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
