import { assert, assertEquals } from "@std/assert";
import { startGantry } from "../_support/gantry.ts";
import {
  beginUpload,
  client,
  digestOf,
  MANIFEST,
  manifestText,
  pushBlob,
  putManifest,
} from "./_registries.ts";

const here = (path: string) => new URL(path, import.meta.url).href;

/** The package's import map, with a file system that fails in the place of the real one. */
async function importMap(): Promise<string> {
  const root = new URL("../../", import.meta.url);
  const { imports, exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const own = Object.entries(exports as Record<string, string>).map((
    [name, path],
  ) => [name.replace(/^\./, "@gantry/oci"), new URL(path, root).href]);
  const faulty = here("./_faulty_fs.ts");
  return JSON.stringify({
    imports: {
      ...imports,
      ...Object.fromEntries(own),
      "node:fs/promises": faulty,
    },
    scopes: { [faulty]: { "node:fs/promises": "node:fs/promises" } },
  });
}

for (const mode of ["dead", "once"]) {
  const what = mode === "dead"
    ? "holds what it promised wherever its process is killed"
    : "holds what it promised wherever its disk fails once";
  Deno.test(`directoryStorage() ${what}`, async () => {
    const map = await Deno.makeTempFile({ suffix: ".json" });
    await Deno.writeTextFile(map, await importMap());
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          ...["run", "-q", "-A", "--no-check", "--import-map", map],
          ...[here("./_fault_rounds.ts"), mode],
        ],
      },
    ).output();
    await Deno.remove(map);
    const text = new TextDecoder().decode(stdout);
    assert(success, text + new TextDecoder().decode(stderr));
    // As many as there are changes in all that was done.
    assert(Number(text) > 50, text);
  });
}

Deno.test("serve --root keeps what it answered 201 when it is killed", async () => {
  const root = await Deno.makeTempDir();
  const args = ["serve", "--listen=127.0.0.1:0", `--root=${root}`];
  const blobs = new Map<string, string>();
  const tags = new Map<string, string>();
  {
    await using server = await startGantry(args);
    const registry = client((path, init) =>
      fetch(`http://${server.host}${path}`, init)
    );
    const workers = Array.from({ length: 6 }, async (_, worker) => {
      for (let n = 0;; n++) {
        const content = `${worker}-${n}-${"x".repeat(50_000)}`;
        blobs.set(await pushBlob(registry, "app", content), content);
        const text = await manifestText({ annotations: { content } });
        const pushed = await putManifest(registry, "app", `t${worker}`, text);
        assertEquals(pushed.status, 201);
        tags.set(`t${worker}`, await digestOf(text));
        if (blobs.size >= 60) Deno.kill(server.pid, "SIGKILL");
      }
    });
    // Each worker ends where its connection does.
    await Promise.allSettled(workers);
  }
  assert(blobs.size >= 60 && tags.size > 0);
  await using server = await startGantry(args);
  const get = (path: string) => fetch(`http://${server.host}/v2/app/${path}`);
  for (const [digest, content] of blobs) {
    const pulled = await get(`blobs/${digest}`);
    assertEquals([pulled.status, await pulled.text()], [200, content]);
  }
  for (const tag of tags.keys()) {
    const pulled = await get(`manifests/${tag}`);
    const text = await pulled.text();
    const digest = pulled.headers.get("docker-content-digest");
    assertEquals([pulled.status, digest], [200, await digestOf(text)]);
  }
  await Deno.remove(root, { recursive: true });
});

Deno.test({
  name: "serve --root goes on at once with what a killed one was writing",
  // Elsewhere nobody can tell in time that a process has ended.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const root = await Deno.makeTempDir();
    const args = ["serve", "--listen=127.0.0.1:0", `--root=${root}`];
    const at = (host: string) =>
      client((path, init) => fetch(`http://${host}${path}`, init));
    let location: string;
    {
      await using server = await startGantry(args);
      const registry = at(server.host);
      await pushBlob(registry, "app", "x");
      location = await beginUpload(registry, "app");
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("abc"));
        },
      });
      const chunk = registry.head(location, { method: "PATCH", body })
        .catch(() => {});
      while (true) {
        const { headers } = await registry.head(location);
        if (headers.get("range") === "0-2") break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      Deno.kill(server.pid, "SIGKILL");
      await chunk;
    }
    const claim = (await Array.fromAsync(Deno.readDir(`${root}/_uploads`)))
      .find(({ name }) => name.endsWith(".lock"))!.name;
    // As if it had been killed while it changed the index, too.
    await Deno.copyFile(
      `${root}/_uploads/${claim}`,
      `${root}/app/.index.json.lock`,
    );
    await using server = await startGantry(args);
    const registry = at(server.host);
    const { status } = await registry.head(location, {
      method: "PATCH",
      headers: { "content-range": "3-5" },
      body: "def",
    });
    assertEquals(status, 202);
    const digest = await digestOf("abcdef");
    const { status: done } = await registry.head(
      `${location}?digest=${digest}`,
      { method: "PUT" },
    );
    assertEquals(done, 201);
    const { status: pushed } = await registry.head("/v2/app/manifests/v1", {
      method: "PUT",
      headers: { "content-type": MANIFEST },
      body: await manifestText(),
      signal: AbortSignal.timeout(20_000),
    });
    assertEquals(pushed, 201);
    await Deno.remove(root, { recursive: true });
  },
});
