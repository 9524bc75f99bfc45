import { assert, assertEquals, assertRejects } from "@std/assert";
import { CopyError, copyTags, MemoryStore } from "@gantry/oci/oras";
import { LayoutStore } from "@gantry/oci/oras/node";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { found } from "../_support/programs.ts";
import { RegistryClient } from "@gantry/oci/distribution";
import { fill, image, referrer } from "./stores/_graphs.ts";
import { EMPTY } from "./stores/_suite.ts";

async function prepare(): Promise<MemoryStore> {
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

Deno.test("copyTags() copies all tags for people, and moves shared content once", async () => {
  const source = await prepare();
  const target = new MemoryStore();
  const done: string[] = [];
  const results = await copyTags(source, target, {
    onTag: (tag) => void done.push(tag),
  });
  assertEquals(done, ["one", "two"]);
  assertEquals([...results.keys()], done);
  assertEquals(await Array.fromAsync(target.listTags()), ["one", "two"]);
  // The second image's own layer and its manifest: base and config are there.
  assertEquals(results.get("two")?.copied, 2);
});

Deno.test("copyTags() copies chosen tags, and tells of one that is missing", async () => {
  const source = await prepare();
  const target = new MemoryStore();
  const run = () => copyTags(source, target, { tags: ["two", "none", "one"] });
  const error = await assertRejects(run, CopyError);
  assertEquals(error.reference, "none");
  assertEquals(await Array.fromAsync(target.listTags()), ["two"]);
});

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
