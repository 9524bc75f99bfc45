import { fileURLToPath } from "node:url";
import { ROOT } from "./imports.ts";

/**
 * Bundles a module with all that it imports, for a browser, and gives the text.
 *
 * @throws {Error} It cannot be bundled.
 */
export async function bundle(entry: URL): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--platform", "browser", fileURLToPath(entry)],
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
