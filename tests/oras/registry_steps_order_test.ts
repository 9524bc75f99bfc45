/** The order in which a push and a pull take their steps, and that all of them are told of. */
import { assert, assertEquals } from "@std/assert";
import { Registry } from "@gantry/oci/oras";
import { ROOT } from "../_support/imports.ts";
import { fixture } from "./_fixture.ts";

/** The steps, as `oras/README.md` lists them. */
const STEPS = (await readText("oras/README.md"))
  .split("\n## One step changed\n")[1]!.split("\n## ")[0]!.split("\n")
  .flatMap((line) => /^\| `(\w+)`/.exec(line)?.[1] ?? []);

function readText(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

/** Writes down the steps that a provider takes, but for its reports. */
function record(registry: Registry, calls: string[]): void {
  for (const step of STEPS) {
    if (["report", "client", "credentialFor"].includes(step)) continue;
    const taken = Reflect.get(registry, step) as (
      ...args: unknown[]
    ) => unknown;
    Object.defineProperty(registry, step, {
      value(...args: unknown[]) {
        calls.push(step);
        return taken.apply(registry, args);
      },
    });
  }
}

Deno.test("push() takes its steps in the order that they are told in", async () => {
  const calls: string[] = [];
  await using setting = await fixture((request, next) => {
    if (request.method === "PUT") {
      calls.push(request.url.includes("/manifests/") ? "manifest" : "blob");
    }
    return next(request);
  });
  await setting.write({ "a.txt": "a", "folder/b.txt": "b" });
  const registry = new Registry(setting.options);
  record(registry, calls);
  await registry.push("team/app", {
    root: setting.folder,
    files: ["a.txt", "folder"],
    concurrency: 1,
  });
  assertEquals(calls, [
    ...["parseFile", "nameLayer", "layerMediaType"],
    ...["parseFile", "nameLayer", "layerMediaType"],
    ...["makeConfig", "blob"],
    ...["makeLayer", "blob", "makeLayer", "blob"],
    ...["makeManifest", "manifest"],
  ]);
});

Deno.test("pull() takes its steps in the order that they are told in", async () => {
  const calls: string[] = [];
  await using setting = await fixture((request, next) => {
    if (request.method === "GET") {
      calls.push(request.url.includes("/manifests/") ? "manifest" : "blob");
    }
    return next(request);
  });
  await setting.write({ "a.txt": "a", "folder/b.txt": "b" });
  const registry = new Registry(setting.options);
  const root = setting.folder;
  await registry.push("team/app", { root, files: ["a.txt", "folder"] });
  calls.length = 0;
  record(registry, calls);
  await registry.pull("team/app", { outdir: root });
  assertEquals(calls, [
    ...["manifest", "selectLayers"],
    ...["titleOf", "unpacks", "placeFile"],
    ...["titleOf", "unpacks"],
    ...["onExisting", "onExisting"],
    ...["blob", "blob"],
  ]);
});

Deno.test("oras/README.md lists every step, and each has its docs and its test", async () => {
  const sources = await Promise.all(
    ["oras/registry_steps.ts", "oras/registry_access.ts"].map(readText),
  );
  const found = sources.flatMap((text) => [
    ...text.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2}protected (\w+)\(/g),
  ]);
  assertEquals(found.map(([, , name]) => name!).sort(), STEPS.toSorted());
  const tests = ["registry_steps_test.ts", "registry_steps_files_test.ts"];
  const here = (await Promise.all(
    tests.map((name) => readText(`tests/oras/${name}`)),
  )).join("\n");
  for (const [, docs, name] of found) {
    assert(/Push|Pull|called/.test(docs!), `${name} says when it is called`);
    assert(here.includes(`Deno.test("${name}() `), `${name} has a test`);
    const override = new RegExp(`protected override (async )?${name}\\(`);
    assert(override.test(here), `${name} is overridden`);
  }
});
