import { memoryStorage } from "@gantry/oci/distribution/server";
import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { objectStorage } from "./_object_storage.ts";
import { storageSuite } from "./_storage_suite.ts";

storageSuite("memoryStorage()", (run) => run(memoryStorage()));

storageSuite("directoryStorage()", async (run) => {
  const root = await Deno.makeTempDir();
  try {
    await run(directoryStorage(root));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

storageSuite("a storage over an object store", (run) => run(objectStorage()));
