import { assert, assertEquals } from "@std/assert";
import { RegistryClient, type Repository } from "@gantry/oci/distribution";
import { copy, discover, MemoryStore } from "@gantry/oci/oras";
import { LayoutStore, openArchive } from "@gantry/oci/oras/node";
import { fill, multiPlatform } from "../oras/stores/_graphs.ts";
import { realImage } from "../oras/stores/_layers.ts";
import {
  type DockerRegistry,
  startDockerRegistry,
} from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";

const ignore = !found("docker-registry");

interface Place {
  readonly folder: string;
  readonly from: DockerRegistry;
  readonly to: DockerRegistry;
  open(registry: DockerRegistry, name: string): Repository;
}

async function withRegistries(
  run: (place: Place) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gantry-copy-" });
  const clients: RegistryClient[] = [];
  try {
    await using from = await startDockerRegistry();
    await using to = await startDockerRegistry();
    await run({
      folder,
      from,
      to,
      open({ host }, name) {
        const client = new RegistryClient(host, { plainHttp: true });
        clients.push(client);
        return client.repository(name);
      },
    });
  } finally {
    for (const client of clients) client.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function program(name: string, ...args: string[]): Promise<string> {
  const { stderr, stdout, success } = await new Deno.Command(name, { args })
    .output();
  assert(
    success,
    `${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`,
  );
  return new TextDecoder().decode(stdout).trim();
}

Deno.test({
  name:
    "copy() moves an index between docker-registries, and mounts within one",
  ignore,
  fn: () =>
    withRegistries(async ({ from, open, to }) => {
      const pieces = await multiPlatform();
      const memory = new MemoryStore();
      await fill(memory, pieces);
      const { descriptor } = pieces.at(-1)!;
      await memory.tag(descriptor, "v1");
      const source = open(from, "team/app");
      await copy(memory, "v1", source);
      const target = open(to, "other/app");
      assertEquals(await target.isNew(), true);
      const first = await copy(source, "v1", target);
      assertEquals(first.copied, pieces.length - 1);
      assertEquals(await target.isNew(), false);
      assertEquals(await target.resolve("v1"), descriptor);

      const sibling = open(to, "third/app");
      const { mounted } = await copy(target, "v1", sibling, "v2", {
        tags: ["latest"],
      });
      assertEquals(mounted, 5);
      for (const { bytes, descriptor } of pieces) {
        const stream = await sibling.fetch(descriptor);
        assertEquals(await new Response(stream).bytes(), bytes);
      }
      const tags = await Array.fromAsync(sibling.listTags());
      assertEquals(tags, ["latest", "v2"]);
    }),
});

Deno.test({
  name: "copy() brings back to docker-registry what it says is missing",
  ignore,
  fn: () =>
    withRegistries(async ({ from, open, to }) => {
      const pieces = await multiPlatform();
      const source = open(from, "team/app");
      await fill(source, pieces);
      const { descriptor } = pieces.at(-1)!;
      await source.tag(descriptor, "v1");
      const target = open(to, "team/app");
      await fill(target, pieces.slice(0, 4));
      await target.delete(pieces[1]!.descriptor);
      // The first image is believed to be whole, until it is looked into.
      await copy(source, "v1", target);
      const { copied } = await copy(source, "v1", target, "v1", { heal: true });
      assertEquals(copied, 1);
      assert(await target.exists(pieces[1]!.descriptor));
    }),
});

Deno.test({
  name:
    "copy() brings what oras attached, from and to registries without referrers",
  ignore: ignore || !found("oras"),
  fn: () =>
    withRegistries(async ({ folder, from, open, to }) => {
      const source = open(from, "team/app");
      const pieces = await multiPlatform();
      await fill(source, pieces);
      const { descriptor } = pieces.at(-1)!;
      await source.tag(descriptor, "v1");
      const attach = (subject: string, type: string) =>
        program(
          "oras",
          ...["attach", "--plain-http", "--format", "go-template"],
          ...["--template", "{{.digest}}", "--artifact-type", type],
          ...["--annotation", "a=b", `${from.host}/team/app${subject}`],
        );
      const signature = await attach(":v1", "application/vnd.example.sig");
      await attach(`@${signature}`, "application/vnd.example.counter");
      const child = pieces[3]!.descriptor.digest;
      await attach(`@${child}`, "application/vnd.example.sbom");

      const layout = new LayoutStore(`${folder}/layout`);
      await copy(source, "v1", layout, "v1", { recursive: true });
      const target = open(to, "copy/app");
      await copy(layout, "v1", target, "v1", { recursive: true });
      for (const store of [source, layout, target]) {
        const tree = await discover(store, "v1");
        assertEquals(tree.referrers.length, 1);
        assertEquals(tree.referrers[0]!.descriptor.digest, signature);
        assertEquals(tree.referrers[0]!.referrers.length, 1);
        assertEquals((await discover(store, child)).referrers.length, 1);
      }
      const seen = await program(
        "oras",
        ...["discover", "--plain-http", "--format", "json"],
        `${to.host}/copy/app:v1`,
      );
      assertEquals(JSON.parse(seen).referrers[0].referrers.length, 1);
    }),
});

Deno.test({
  name: "an archive that skopeo saved as docker does is pushed whole",
  ignore: ignore || !found("skopeo"),
  fn: () =>
    withRegistries(async ({ folder, open, to }) => {
      const layout = new LayoutStore(`${folder}/layout`);
      const pieces = await realImage();
      await fill(layout, pieces);
      await layout.tag(pieces.at(-1)!.descriptor, "v1");
      await program(
        "skopeo",
        ...["copy", "--insecure-policy", "--quiet"],
        `oci:${folder}/layout:v1`,
        `docker-archive:${folder}/saved.tar:team/app:v1`,
      );
      await using archive = await openArchive(`${folder}/saved.tar`);
      await copy(archive.store, "team/app:v1", open(to, "team/app"), "v1");
      const config = await program(
        "skopeo",
        ...["inspect", "--config", "--raw", "--tls-verify=false"],
        `docker://${to.host}/team/app:v1`,
      );
      assertEquals(config, new TextDecoder().decode(pieces[2]!.bytes));
      await program(
        "skopeo",
        ...["copy", "--insecure-policy", "--quiet", "--src-tls-verify=false"],
        ...[`docker://${to.host}/team/app:v1`, `dir:${folder}/pulled`],
      );
    }),
});
