import type { RegistryStorage } from "@gantry/oci/distribution/server";
import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { fuzzHeaders, fuzzManifests, fuzzPaths } from "./_fuzz.ts";

async function inDirectory(
  fuzz: (storage: RegistryStorage) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await fuzz(directoryStorage(root));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("createRegistry() over a directory fails at no path", () =>
  inDirectory(fuzzPaths));

Deno.test("createRegistry() over a directory fails at no header", () =>
  inDirectory(fuzzHeaders));

Deno.test("createRegistry() over a directory fails at no manifest", () =>
  inDirectory(fuzzManifests));
