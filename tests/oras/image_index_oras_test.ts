import { assert, assertEquals } from "@std/assert";
import { createIndex, updateIndex } from "@gantry/oci/oras";
import { LayoutStore } from "@gantry/oci/oras/node";
import { found } from "../_support/programs.ts";
import { prepare } from "./_index_members.ts";

Deno.test({
  name: "createIndex() and updateIndex() make the bytes that oras makes",
  ignore: !found("oras"),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "gantry-index-" });
    try {
      const store = new LayoutStore(folder);
      await prepare(store);
      const oras = async (...args: string[]): Promise<string> => {
        const { stderr, stdout, success } = await new Deno.Command("oras", {
          args: ["manifest", "index", ...args, "--output", "-"],
        }).output();
        assert(success, new TextDecoder().decode(stderr));
        return new TextDecoder().decode(stdout);
      };
      const names = ["image0", "image1", "image2", "artifact"];
      const theirs = await oras(
        ...["create", "--oci-layout", `${folder}:all`, ...names],
        ...["--artifact-type", "application/vnd.example.set"],
        ...["--annotation", "b=<2>", "--annotation", "a=1"],
      );
      const ours = await createIndex(store, names, {
        tags: ["all"],
        artifactType: "application/vnd.example.set",
        annotations: { b: "<2>", a: "1" },
      });
      assertEquals(new TextDecoder().decode(ours.bytes), theirs);
      const { digest } = await store.resolve("image1");
      const changed = await oras(
        ...["update", "--oci-layout", `${folder}:all`],
        ...["--remove", digest, "--artifact-type", ""],
      );
      const update = { remove: [digest], artifactType: "" };
      const { bytes } = await updateIndex(store, "all", update);
      assertEquals(new TextDecoder().decode(bytes), changed);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
