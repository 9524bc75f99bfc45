import { MemoryStore } from "@gantry/oci/oras";
import { fill, image, referrer } from "./stores/_graphs.ts";
import { EMPTY } from "./stores/_suite.ts";

/** A store with two tagged images, each with a note that refers to it and has a tag of its own. */
export async function prepare(): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const name of ["one", "two"]) {
    const pieces = await image({ architecture: "a", os: "b" }, ["base", name]);
    const { descriptor } = pieces.at(-1)!;
    const note = await referrer(descriptor, "application/vnd.example.note");
    await fill(store, [EMPTY, ...pieces, note]);
    await store.tag(descriptor, name);
    const { digest } = note.descriptor;
    await store.tag(note.descriptor, `${digest.replace(":", "-")}.sig`);
  }
  return store;
}
