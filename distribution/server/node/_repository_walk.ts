import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isRepositoryName } from "../../reference.ts";
import { isMissing } from "./_files.ts";
import { isReserved } from "./_paths.ts";

/**
 * Finds the layouts below a root, by their names. Folders that are symbolic links
 * are not entered, because they can lead round in circles.
 */
export async function* walkRepositories(
  root: string,
  prefix = "",
): AsyncGenerator<string> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(root, prefix), { withFileTypes: true });
  } catch (error) {
    // Layouts come and go while they are served.
    if (isMissing(error)) return;
    throw error;
  }
  if (
    prefix !== "" &&
    entries.some((entry) => entry.name === "oci-layout" && entry.isFile())
  ) {
    yield prefix;
  }
  for (const entry of entries) {
    if (!entry.isDirectory() || isReserved(entry.name)) continue;
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (isRepositoryName(name)) yield* walkRepositories(root, name);
  }
}
