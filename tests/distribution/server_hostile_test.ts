import { createRegistry } from "@gantry/oci/distribution/server";
import { directoryStorage, serve } from "@gantry/oci/distribution/server/node";
import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  client,
  digestOf,
  everywhere,
  manifestText,
  putManifest,
} from "./_registries.ts";
import { rawRequest } from "./_raw_request.ts";

const digest = await digestOf("x");

/** Paths as they stand on the request line, which no URL parser has touched. */
const PATHS: readonly string[] = [
  "/v2/../etc/passwd",
  "/v2/app/../../etc/manifests/passwd",
  "/v2/%2e%2e/%2e%2e/manifests/latest",
  "/v2/app%2fsecret/manifests/latest",
  "/v2/app%5csecret/tags/list",
  "/v2/app%00/tags/list",
  "/v2/app/%00/tags/list",
  "/v2/app//tags/list",
  "/v2//tags/list",
  "/v2/./app/tags/list",
  "/v2/App/tags/list",
  "/v2/-app/tags/list",
  "/v2/app./tags/list",
  "/v2/_uploads/tags/list",
  `/v2/${"a".repeat(300)}/tags/list`,
  `/v2/${"a/".repeat(3000)}b/tags/list`,
  "/v2/app/manifests/..",
  "/v2/app/manifests/%2e%2e",
  "/v2/app/manifests/..%2f..%2findex.json",
  `/v2/app/manifests/${"a".repeat(129)}`,
  "/v2/app/manifests/a%0d%0aX-Evil:1",
  "/v2/app/manifests/%ff",
  "/v2/app/blobs/sha256:..%2f..%2findex.json",
  "/v2/app/blobs/..:x",
  "/v2/app/blobs/sha256:" + "g".repeat(64),
  `/v2/app/blobs/${digest.toUpperCase()}`,
  `/v2/app/blobs/${digest}%00`,
  `/v2/app/blobs/${digest}/../..`,
  "/v2/app/referrers/..",
  "/v2/app/blobs/uploads/..%2f..%2fapp",
  "/v2/app/blobs/uploads/../index.json",
  "/etc/passwd",
  "/",
  "/v3/",
  "/v2/app",
];

for (const storage of ["memory", "directory"]) {
  Deno.test(`createRegistry() refuses hostile paths with 4xx (${storage})`, async () => {
    const outside = await Deno.makeTempDir();
    const root = `${outside}/root`;
    await Deno.mkdir(root);
    await Deno.writeTextFile(`${outside}/secret`, "secret");
    const events: string[] = [];
    const registry = createRegistry({
      ...(storage === "memory" ? {} : { storage: directoryStorage(root) }),
      onEvent: ({ type }) => events.push(type),
    });
    await using server = await serve(registry);
    await putManifest(
      client((path, init) => fetch(server.url + path, init)),
      "app",
      "latest",
      await manifestText(),
    );
    for (const path of PATHS) {
      for (const method of ["GET", "PUT", "DELETE", "POST", "PATCH"]) {
        const { status, head, body } = await rawRequest(
          server.port,
          method,
          path,
        );
        const shown = `${method} ${path.slice(0, 80)}`;
        assert(status >= 400 && status < 500, `${shown}: ${status}`);
        assertFalse(/^x-evil/im.test(head), shown);
        assertFalse(body.includes("secret\n"), shown);
      }
    }
    assertFalse(events.includes("error"));
    const left = await Array.fromAsync(
      Deno.readDir(outside),
      ({ name }) => name,
    );
    assertEquals(left.sort(), ["root", "secret"]);
    await Deno.remove(outside, { recursive: true });
  });
}

everywhere(
  "createRegistry() echoes no unchecked text in headers",
  async (registry) => {
    const evil = 'x"\\r\\nX-Evil: 1';
    const subject = { mediaType: "a/b", digest: evil, size: 1 };
    const refused = await putManifest(
      registry,
      "app",
      "t",
      await manifestText({ subject }),
    );
    assertEquals(refused.status, 400);
    for (
      const path of [
        `/v2/app/tags/list?n=1&last=${encodeURIComponent("\r\nX-Evil: 1")}`,
        `/v2/app/referrers/${digest}?artifactType=%0d%0aX-Evil:%201`,
        `/v2/app/blobs/uploads/?mount=${digest}&from=%0d%0aX-Evil:1`,
      ]
    ) {
      const response = await registry.head(path, {
        method: path.includes("mount") ? "POST" : "GET",
      });
      assertEquals(response.headers.get("x-evil"), null);
      assert(response.status < 500);
    }
    const tagged = await putManifest(
      registry,
      "app",
      `${await digestOf(await manifestText())}?tag=a%0d%0aX-Evil:1`,
      await manifestText(),
    );
    assertEquals(tagged.status, 400);
    const many = Array.from({ length: 201 }, (_, n) => `tag=t${n}`).join("&");
    const flooded = await putManifest(
      registry,
      "app",
      `${await digestOf(await manifestText())}?${many}`,
      await manifestText(),
    );
    assertEquals(flooded.status, 414);
  },
);

everywhere(
  "createRegistry() answers a repository called like an endpoint",
  async (registry) => {
    for (
      const name of ["tags/list", "manifests/x", "v2/referrers", "uploads"]
    ) {
      const text = await manifestText();
      const pushed = await putManifest(registry, name, "latest", text);
      assertEquals([name, pushed.status], [name, 201]);
      const list = await registry.call(`/v2/${name}/tags/list`);
      assertEquals(await list.json(), { name, tags: ["latest"] });
    }
  },
);
