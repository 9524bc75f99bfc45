import { directoryStorage } from "@gantry/oci/distribution/server/node";
import { registeredSuite } from "./_registered.ts";

registeredSuite("a directory", async (use) => {
  const folder = await Deno.makeTempDir();
  try {
    await use(directoryStorage(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
