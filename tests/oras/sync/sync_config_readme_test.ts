import { assertEquals } from "@std/assert";
import { parse } from "yaml";
import { parseSyncConfig } from "../../../oras/sync/parse_sync_config.ts";
import { selectTags } from "../../../oras/sync/select_names.ts";

Deno.test("parseSyncConfig() takes the configuration of the README", async () => {
  const url = new URL("../../../oras/README.md", import.meta.url);
  const text = await Deno.readTextFile(url);
  const [, yaml] = /^```yaml\n([\s\S]*?)^```/m.exec(text)!;
  const { ignored, sync } = parseSyncConfig(parse(yaml!));
  assertEquals(ignored, []);
  assertEquals(sync.length, 3);
  const tags = ["latest", "edge", "3.18", "3.19", "3.20.1", "3.21.0-rc.1"];
  assertEquals(await selectTags(tags, sync[0]?.tagSets), [
    "latest",
    "edge",
    "3.19",
    "3.20.1",
  ]);
});
