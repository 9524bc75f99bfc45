import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createRegistry,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";
import { directoryStorage, serve } from "@gantry/oci/distribution/server/node";
import {
  client,
  inProcess,
  type RegistryTest,
  type Way,
} from "./_registry_ways.ts";

/** The ways to have a registry that need files or sockets. */
export const WAYS: readonly Way[] = [
  ["memory, over HTTP", overHttp],
  ["directory, in process", inDirectory(inProcess)],
  ["directory, over HTTP", inDirectory(overHttp)],
];

async function overHttp(
  options: RegistryServerOptions,
  run: RegistryTest,
): Promise<void> {
  const registry = createRegistry(options);
  try {
    const server = await serve(registry);
    try {
      await run(client((path, init) => fetch(new URL(path, server.url), init)));
    } finally {
      await server.shutdown();
    }
  } finally {
    await registry.close();
  }
}

function inDirectory(open: typeof inProcess): typeof inProcess {
  return async (options, run) => {
    const root = await mkdtemp(join(tmpdir(), "gantry-registry-"));
    try {
      await open({ ...options, storage: directoryStorage(root) }, run);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  };
}
