// Writes twenty tags into a directory: a process of its own, for tests of locks.
import { Digest } from "@gantry/oci/digest";
import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { MANIFEST } from "./_registries.ts";

const [root = "", prefix = ""] = Deno.args;
const storage = directoryStorage(root);
for (let index = 0; index < 20; index++) {
  const bytes = new TextEncoder().encode(JSON.stringify({ prefix, index }));
  const digest = String(await Digest.fromBytes(bytes));
  const manifest = { digest, bytes, mediaType: MANIFEST };
  await storage.writeManifest("app", manifest, [`${prefix}${index}`]);
}
