/** Each step of a push of files and of a pull, changed by a subclass. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "node:path";
import type { ProgressEvent } from "@gantry/oci/distribution";
import type { Descriptor, Manifest } from "@gantry/oci/image";
import {
  type ExistingChoice,
  type LayerInput,
  type LayerKind,
  PathError,
  Registry,
} from "@gantry/oci/oras";
import { fixture, pushByHand, titlesOf } from "./_fixture.ts";

Deno.test("parseFile() takes entries of `files` apart in a way of one's own", async () => {
  class Renaming extends Registry {
    protected override parseFile(file: string | LayerInput): LayerInput {
      const [path, title] = String(file).split(" as ");
      return { path, title };
    }
  }
  await using setting = await fixture();
  await setting.write({ "a.txt": "a" });
  const { manifest } = await new Renaming(setting.options).push("team/app", {
    root: setting.folder,
    files: ["a.txt as notes/b.txt"],
  });
  assertEquals(titlesOf(manifest.value), ["notes/b.txt"]);
});

Deno.test("nameLayer() names layers in a way of one's own", async () => {
  class Flat extends Registry {
    protected override nameLayer({ path }: LayerInput): string {
      return basename(path!);
    }
  }
  await using setting = await fixture();
  await setting.write({ "deep/down/a.txt": "a" });
  const { manifest } = await new Flat(setting.options).push("team/app", {
    root: setting.folder,
    files: ["deep/down/a.txt"],
  });
  assertEquals(titlesOf(manifest.value), ["a.txt"]);
});

Deno.test("layerMediaType() gives layers types of one's own", async () => {
  class Typed extends Registry {
    protected override layerMediaType(_: LayerInput, kind: LayerKind): string {
      return `application/vnd.example.${kind}`;
    }
  }
  await using setting = await fixture();
  await setting.write({ "a.txt": "a", "folder/b.txt": "b" });
  const { manifest } = await new Typed(setting.options).push("team/app", {
    root: setting.folder,
    files: ["a.txt", "folder"],
  });
  assertEquals(
    manifest.value.layers.map(({ mediaType }) => mediaType),
    ["application/vnd.example.file", "application/vnd.example.directory"],
  );
});

Deno.test("selectLayers() selects layers in a way of one's own", async () => {
  class Small extends Registry {
    protected override selectLayers({ layers }: Manifest): Descriptor[] {
      return layers.filter(({ size }) => size < 3);
    }
  }
  await using setting = await fixture();
  const small = new Small(setting.options);
  await small.push("team/app", {
    files: [{ title: "a", content: "a" }, { title: "b", content: "bbbb" }],
  });
  const outdir = join(setting.folder, "out");
  assertEquals(await small.pull("team/app", { outdir }), [join(outdir, "a")]);
});

Deno.test("titleOf() finds names elsewhere", async () => {
  class Nameless extends Registry {
    protected override titleOf({ digest }: Descriptor): string {
      return digest.replace(":", "-");
    }
  }
  await using setting = await fixture();
  await pushByHand(setting, "team/app:v1", [{ content: "a" }]);
  const outdir = join(setting.folder, "out");
  const { layers } = (await setting.registry.getManifest("team/app:v1"))
    .value as Manifest;
  const registry = new Nameless(setting.options);
  const paths = await registry.pull("team/app:v1", {
    outdir,
    mediaTypes: ["text/plain"],
  });
  assertEquals(paths, [join(outdir, layers[0]!.digest.replace(":", "-"))]);
});

Deno.test("unpacks() leaves archives as they are", async () => {
  class Packed extends Registry {
    protected override unpacks(): boolean {
      return false;
    }
  }
  await using setting = await fixture();
  await setting.write({ "folder/a.txt": "a" });
  const packed = new Packed(setting.options);
  await packed.push("team/app", { root: setting.folder, files: ["folder"] });
  const outdir = join(setting.folder, "out");
  const [path] = await packed.pull("team/app", { outdir });
  assert((await Deno.stat(path!)).isFile);
});

Deno.test("placeFile() places files elsewhere", async () => {
  class Sorted extends Registry {
    protected override placeFile(title: string): string {
      return `${title.slice(title.lastIndexOf(".") + 1)}/${title}`;
    }
  }
  await using setting = await fixture();
  const sorted = new Sorted(setting.options);
  const files = [{ title: "a.txt", content: "a" }];
  await sorted.push("team/app", { files });
  const outdir = join(setting.folder, "out");
  assertEquals(await sorted.pull("team/app", { outdir }), [
    join(outdir, "txt/a.txt"),
  ]);
});

Deno.test("placeFile() can lead no file out of the output directory", async () => {
  class Careless extends Registry {
    protected override placeFile(): string {
      return "../evil";
    }
  }
  await using setting = await fixture();
  const careless = new Careless(setting.options);
  await careless.push("a/b", { files: [{ title: "a", content: "a" }] });
  await assertRejects(
    () => careless.pull("a/b", { outdir: join(setting.folder, "out") }),
    PathError,
    "leads out of the output directory",
  );
});

Deno.test("onExisting() decides what becomes of a file that exists", async () => {
  class Careful extends Registry {
    protected override onExisting(path: string): ExistingChoice {
      return path.endsWith(".conf") ? "keep" : "replace";
    }
  }
  await using setting = await fixture();
  const careful = new Careful(setting.options);
  await careful.push("team/app", {
    files: ["a.conf", "b.txt"].map((title) => ({ title, content: "new" })),
  });
  const outdir = setting.folder;
  await setting.write({ "a.conf": "mine", "b.txt": "old" });
  const paths = await careful.pull("team/app", { outdir });
  assertEquals(paths, [join(outdir, "b.txt")]);
  assertEquals(await setting.read("a.conf"), "mine");
  assertEquals(await setting.read("b.txt"), "new");
});

Deno.test("report() takes what a push and a pull tell", async () => {
  class Counting extends Registry {
    readonly phases = new Set<string>();
    protected override report({ phase }: ProgressEvent): void {
      this.phases.add(phase);
    }
  }
  await using setting = await fixture();
  const counting = new Counting(setting.options);
  const files = [{ title: "a", content: "a" }];
  await counting.push("team/app", { files });
  assert(counting.phases.has("uploaded"));
  await counting.pull("team/app", { outdir: setting.folder });
  assert(counting.phases.has("downloaded"));
});
