import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { storageSuite } from "./_storage_suite.ts";

storageSuite("directoryStorage()", async (run) => {
  const root = await Deno.makeTempDir();
  try {
    await run(directoryStorage(root));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
