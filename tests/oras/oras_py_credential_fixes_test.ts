/** What oras-py got wrong, or left out, about where credentials are kept and shown. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { chainCredentials, fixedCredentials } from "@gantry/oci/distribution";
import { DockerConfig } from "@gantry/oci/distribution/node";
import { serve } from "@gantry/oci/distribution/server/node";
import { Registry } from "@gantry/oci/oras";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { ME, tokenRegistry } from "./_token_registry.ts";

Deno.test("a login is kept where docker keeps it, for its owner only, and a logout takes it away", async () => {
  await using server = await serve(tokenRegistry());
  const hostname = new URL(server.url).host;
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "new/config.json");
    const store = new DockerConfig(path);
    using registry = new Registry({ hostname, plainHttp: true });
    await registry.login(ME, { store });
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    // A file that has no `auths`, and keys that others wrote.
    await Deno.writeTextFile(path, '{"psFormat":"x"}');
    await registry.login(ME, { store });
    const config = JSON.parse(await Deno.readTextFile(path));
    assertEquals(config, {
      psFormat: "x",
      auths: { [hostname]: { auth: btoa("me:s3cret") } },
    });
    assert(await registry.logout({ store }));
    assertEquals(await new DockerConfig(path).get(hostname), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("of several files of credentials the first that knows the registry counts", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = ["a", "b", "c"].map((name) => join(folder, name));
    for (const [at, path] of files.entries()) {
      const auths = at === 0 ? {} : { "ghcr.io": { auth: btoa(`u${at}:p`) } };
      await Deno.writeTextFile(path, JSON.stringify({ auths }));
    }
    const inOrder = chainCredentials(
      ...files.map((path) => new DockerConfig(path)),
    );
    const reversed = chainCredentials(
      ...files.toReversed().map((path) => new DockerConfig(path)),
    );
    const credential = (username: string) => ({ username, password: "p" });
    assertEquals(await inOrder.get("ghcr.io"), credential("u1"));
    assertEquals(await reversed.get("ghcr.io"), credential("u2"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what one registry is shown, no other one and no storage behind it sees", async () => {
  await using storage = openHttpRegistry(() => new Response("content"));
  await using open = openHttpRegistry();
  await using closed = openHttpRegistry((request, next) => {
    const { pathname } = new URL(request.url);
    if (!request.headers.has("authorization")) {
      return new Response(null, {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="x"' },
      });
    }
    return request.method === "GET" && pathname.includes("/blobs/")
      ? new Response(null, {
        status: 307,
        headers: { location: `http://${storage.host}/blob` },
      })
      : next(request);
  });
  using registry = new Registry({
    plainHttp: true,
    credentials: fixedCredentials(ME, { registry: closed.host }),
  });
  const blob = await registry.uploadBlob(`${closed.host}/a/b`, "content");
  const stream = await registry.getBlob(`${closed.host}/a/b`, blob);
  assertEquals(await new Response(stream).text(), "content");
  await registry.push(`${open.host}/a/b:v1`);
  assertEquals(await registry.getTags(`${open.host}/a/b`), ["v1"]);
  const shown = closed.seen.some(({ headers }) => headers.has("authorization"));
  assertEquals(shown, true);
  for (const { headers } of [...storage.seen, ...open.seen]) {
    assertEquals(headers.get("authorization"), null);
  }
});
