import { RegistryClient } from "@gantry/oci/distribution";
import { copy } from "@gantry/oci/oras";

// Copies from one registry to another with all defaults.
const [from = "", to = ""] = Deno.args;
const repository = (host: string) =>
  new RegistryClient(host, { plainHttp: true }).repository("bench/copy");
await copy(repository(from), "v1", repository(to));
