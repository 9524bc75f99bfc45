import { toSource } from "@gantry/oci/distribution";
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
import { LayoutStore } from "@gantry/oci/oras/node";

// A process of its own that tags ten times, for tests of several at once.
const [folder = "", name = ""] = Deno.args;
const store = new LayoutStore(folder);
await store.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
for (let index = 0; index < 10; index++) {
  await store.tag(EMPTY_DESCRIPTOR, `${name}${index}`);
}
