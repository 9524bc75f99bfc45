/** A registry that Node runs: it pushes to itself, and prints what it pulled. */
import { createRegistry } from "@gantry/oci/distribution/server";
import { directoryStorage, serve } from "@gantry/oci/distribution/server/node";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const root = await mkdtemp(join(tmpdir(), "gantry-"));
const storage = directoryStorage(root);
const server = await serve(createRegistry({ storage }));
const text = '{"schemaVersion":2,"manifests":[]}';
const url = `${server.url}/v2/team/app/manifests/v1`;
const headers = { "content-type": "application/vnd.oci.image.index.v1+json" };
const { status } = await fetch(url, { method: "PUT", headers, body: text });
const pulled = await (await fetch(url)).text();
await server.shutdown();
await rm(root, { recursive: true });
process.stdout.write(`${status} ${pulled === text}\n`);
