/**
 * Packs a folder or applies a layer, for the benchmark:
 * `pack FOLDER FILE none|gzip` or `apply FILE FOLDER`.
 */
import { applyLayer, packLayerToFile } from "../../image/layer/node/node.ts";

const [command, from = "", to = "", compression] = Deno.args;
if (command === "pack") {
  await packLayerToFile(from, to, {
    compression: compression === "gzip" ? "gzip" : "none",
  });
} else {
  await applyLayer({
    open: async () => (await Deno.open(from)).readable,
  }, to);
}
