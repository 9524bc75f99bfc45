import { memoryStorage } from "@gantry/oci/distribution/server";
import { objectStorage } from "./_object_storage.ts";
import { storageSuite } from "./_storage_suite.ts";

storageSuite("memoryStorage()", (run) => run(memoryStorage()));

storageSuite("a storage over an object store", (run) => run(objectStorage()));
