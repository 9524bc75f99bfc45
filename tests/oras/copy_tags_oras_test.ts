import { assert, assertEquals } from "@std/assert";
import { copyTags } from "@gantry/oci/oras";
import { LayoutStore } from "@gantry/oci/oras/node";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { found } from "../_support/programs.ts";
import { RegistryClient } from "@gantry/oci/distribution";
import { prepare } from "./_tagged.ts";

Deno.test({
  name: "copyTags() restores what oras backed up, and oras what it backed up",
  ignore: !found("oras"),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "gantry-backup-" });
    try {
      await using registry = openHttpRegistry();
      const client = new RegistryClient(registry.host, { plainHttp: true });
      const repository = client.repository("team/app");
      await copyTags(await prepare(), repository, { recursive: true });
      const oras = async (...args: string[]): Promise<void> => {
        const { stderr, success } = await new Deno.Command("oras", { args })
          .output();
        assert(success, new TextDecoder().decode(stderr));
      };
      const name = (repository: string) => `${registry.host}/${repository}`;
      const theirs = `${folder}/theirs`;
      await oras(
        ...["backup", "--plain-http", "--include-referrers"],
        ...["--output", theirs, name("team/app")],
      );
      const restored = client.repository("team/restored");
      await copyTags(new LayoutStore(theirs), restored, { recursive: true });

      const ours = new LayoutStore(`${folder}/ours`);
      await copyTags(repository, ours, { recursive: true });
      await oras(
        ...["restore", "--plain-http", "--input", `${folder}/ours`],
        name("team/again"),
      );
      for (const name of ["team/restored", "team/again"]) {
        const other = client.repository(name);
        for (const tag of ["one", "two"]) {
          const descriptor = await repository.resolve(tag);
          assertEquals(await other.resolve(tag), descriptor);
          const found = await Array.fromAsync(other.listReferrers(descriptor));
          assertEquals(found.length, 1, name);
        }
      }
      client.close();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
