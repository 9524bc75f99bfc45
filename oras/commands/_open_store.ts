import { RegistryClient } from "../../distribution/registry_client.ts";
import type {
  Deleter,
  ManifestFetcher,
  ReferrerLister,
  Store,
  TagLister,
  Untagger,
} from "../store.ts";
import type { Invocation } from "./_command.ts";
import type { Location } from "./_location.ts";
import { remoteOptions } from "./_remote.ts";

/** What commands do with a store: all that a repository and a layout have in common. */
export interface CommandStore
  extends
    Store,
    Deleter,
    ManifestFetcher,
    ReferrerLister,
    TagLister,
    Untagger {}

/** Opens the store that an argument points at. Nothing is sent by it. */
export async function openStore(
  invocation: Invocation,
  location: Location,
): Promise<CommandStore> {
  const { repository } = location;
  if (repository === undefined) throw new TypeError("No layouts yet");
  const { registry } = repository;
  const options = await remoteOptions(invocation, registry);
  return new RegistryClient(registry, options).repository(
    repository.repository,
  );
}
