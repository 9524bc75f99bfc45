import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  type ClientEvent,
  ConnectionError,
  fixedCredentials,
  fromHandler,
  InvalidReferenceError,
  NotFoundError,
  RegistryClient,
  type RequestHandler,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { DigestMismatchError } from "@gantry/oci/digest";

const MANIFEST = "application/vnd.oci.image.index.v1+json";
const INDEX = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');

/** Hosts on one transport, and what they were asked. */
function hosts(table: Readonly<Record<string, RequestHandler>>) {
  const seen: string[] = [];
  const secrets: (string | null)[] = [];
  const transport = fromHandler(async (request) => {
    const { host, pathname, search } = new URL(request.url);
    seen.push(`${request.method} ${host}${pathname}${search}`);
    secrets.push(request.headers.get("authorization"));
    return await table[host]!(request);
  });
  return { seen, secrets, transport };
}

/** A registry that holds a blob and an index in a repository. */
async function filled(
  name: string,
  content = "hello",
): Promise<RequestHandler> {
  const { fetch } = createRegistry();
  const client = new RegistryClient("any", { transport: fromHandler(fetch) });
  const { blobs, manifests } = client.repository(name);
  await blobs.push(await describe(content), toSource(content));
  await manifests.put("v1", INDEX, { mediaType: MANIFEST });
  return fetch;
}

async function describe(content: string) {
  return {
    mediaType: "text/plain",
    digest: String(await Digest.fromString(content)),
    size: content.length,
  };
}

Deno.test("what is read comes from the first mirror that has it, and the registry is not asked", async () => {
  const { seen, transport } = hosts({
    "empty.example": createRegistry().fetch,
    "full.example": await filled("team/app"),
    "origin.example": () => new Response(null, { status: 500 }),
  });
  const events: ClientEvent[] = [];
  const { blobs, manifests } = new RegistryClient("origin.example", {
    transport,
    mirrors: ["empty.example", "full.example"],
    onEvent: (event) => events.push(event),
  }).repository("team/app");
  const stream = await blobs.get(await describe("hello"));
  assertEquals(await new Response(stream).text(), "hello");
  assertEquals((await manifests.get("v1")).bytes, INDEX);
  const { digest } = await describe("hello");
  assertEquals(seen, [
    `GET empty.example/v2/team/app/blobs/${digest}`,
    `GET full.example/v2/team/app/blobs/${digest}`,
    "GET empty.example/v2/team/app/manifests/v1",
    "GET full.example/v2/team/app/manifests/v1",
  ]);
  assertEquals(events, [
    {
      type: "mirror",
      registry: "origin.example",
      mirror: "empty.example",
      status: 404,
    },
    {
      type: "mirror",
      registry: "origin.example",
      mirror: "empty.example",
      status: 404,
    },
  ]);
});

Deno.test("the registry itself is asked where no mirror answers well, and for all that is not read", async () => {
  const { seen, transport } = hosts({
    "broken.example": ({ url }) => {
      throw new ConnectionError("CONNECTION_REFUSED", "it refused", {
        method: "GET",
        url,
      });
    },
    "busy.example": () => new Response(null, { status: 503 }),
    "origin.example": await filled("team/app"),
  });
  const repository = new RegistryClient("origin.example", {
    transport,
    mirrors: ["broken.example", "busy.example"],
  }).repository("team/app");
  assertEquals((await repository.manifests.get("v1")).bytes, INDEX);
  assertEquals(seen.map((line) => line.split("/")[0]), [
    "GET broken.example",
    "GET busy.example",
    "GET origin.example",
  ]);
  seen.length = 0;
  await repository.blobs.push(await describe("new"), toSource("new"));
  await repository.manifests.head("v1");
  await repository.manifests.put("v2", INDEX, { mediaType: MANIFEST });
  await Array.fromAsync(repository.tags.list());
  await repository.tags.delete("v2");
  assertEquals(
    seen.filter((line) => !line.includes(" origin.example/")),
    [],
  );
  await assertRejects(() => repository.manifests.get("none"), NotFoundError);
});

Deno.test("a mirror is shown no credential but its own, and told names in its own way", async () => {
  const table = {
    "mirror.example": await filled("hub/team/app"),
    "origin.example": await filled("team/app"),
  };
  const { secrets, seen, transport } = hosts({
    ...table,
    "mirror.example": (request) => {
      return request.headers.get("authorization") === null
        ? new Response(null, {
          status: 401,
          headers: { "www-authenticate": 'Basic realm="x"' },
        })
        : table["mirror.example"](request);
    },
  });
  const { manifests } = new RegistryClient("origin.example", {
    transport,
    headers: { "x-private": "1" },
    credentials: fixedCredentials({ username: "origin", password: "secret" }),
    mirrors: [{
      registry: "mirror.example",
      prefix: "hub",
      namespace: true,
      credentials: fixedCredentials({ username: "mirror", password: "own" }),
    }],
  }).repository("team/app");
  await manifests.get("v1");
  const path = "mirror.example/v2/hub/team/app/manifests/v1?ns=origin.example";
  assertEquals(seen, [`GET ${path}`, `GET ${path}`]);
  assertEquals(secrets, [null, `Basic ${btoa("mirror:own")}`]);
});

Deno.test("a mirror's content is verified", async () => {
  const { transport } = hosts({
    "evil.example": () => new Response("HELLO"),
    "origin.example": await filled("team/app"),
  });
  const { blobs } = new RegistryClient("origin.example", {
    transport,
    mirrors: ["evil.example"],
  }).repository("team/app");
  const stream = await blobs.get(await describe("hello"));
  // A browser's `Response` would hide why the stream failed; a reader tells.
  const reader = stream.getReader();
  await assertRejects(async () => {
    while (!(await reader.read()).done);
  }, DigestMismatchError);
});

Deno.test("a malformed mirror or prefix is refused when the client is made", () => {
  for (const mirror of ["no host", { registry: "m.example", prefix: "/x" }]) {
    assertThrows(
      () => new RegistryClient("origin.example", { mirrors: [mirror] }),
      InvalidReferenceError,
    );
  }
});

Deno.test("a mirror is not shown the client certificate of the registry's transport", async () => {
  const registry = await filled("team/app");
  const handled = fromHandler(registry);
  const seen: [host: string, anonymous: boolean][] = [];
  const client = new RegistryClient("origin.example", {
    transport: (request) => {
      seen.push([request.url.host, request.anonymous ?? false]);
      return request.url.host === "empty.example"
        ? Promise.resolve(new Response(null, { status: 404 }))
        : handled(request);
    },
    mirrors: ["empty.example"],
  });
  await client.repository("team/app").manifests.get("v1");
  assertEquals(seen, [["empty.example", true], ["origin.example", false]]);
});

Deno.test("a mirror that cannot be reached is left alone for a while", async () => {
  const handled = fromHandler(await filled("team/app"));
  let now = 0;
  let asked = 0;
  const client = new RegistryClient("origin.example", {
    transport: (request) => {
      if (request.url.host === "origin.example") return handled(request);
      asked++;
      const { method, url } = request;
      return Promise.reject(
        new ConnectionError("CONNECT_TIMEOUT", "nobody", { method, url }),
      );
    },
    mirrors: ["dead.example"],
    retry: { clock: () => now },
  });
  const { manifests } = client.repository("team/app");
  const seen: number[] = [];
  for (const at of [0, 10, 29_999, 30_000, 30_001]) {
    now = at;
    await manifests.get("v1");
    seen.push(asked);
  }
  assertEquals(seen, [1, 1, 1, 2, 2]);
});

Deno.test("a manifest that breaks off on its way from a mirror comes from the registry", async () => {
  const full = await filled("team/app");
  const { seen, transport } = hosts({
    "mirror.example": (request) => {
      const body = new ReadableStream({
        pull() {
          throw new ConnectionError("CONNECTION_RESET", "it broke off", {
            method: "GET",
            url: request.url,
          });
        },
      });
      return new Response(body, { headers: { "content-type": MANIFEST } });
    },
    "origin.example": full,
  });
  const { manifests } = new RegistryClient("origin.example", {
    transport,
    mirrors: ["mirror.example"],
    retry: { baseDelay: 1 },
  }).repository("team/app");
  assertEquals((await manifests.get("v1")).bytes, INDEX);
  assertEquals(seen, [
    "GET mirror.example/v2/team/app/manifests/v1",
    "GET origin.example/v2/team/app/manifests/v1",
  ]);
});

Deno.test("the rest of a blob comes from the registry where a mirror breaks off and gets no further", async () => {
  const content = "0123456789".repeat(10_000);
  const full = await filled("team/app", content);
  // Serves no ranges, and breaks off in the same place each time.
  const begin = new TextEncoder().encode(content.slice(0, 40_000));
  const { seen, transport } = hosts({
    "mirror.example": (request) => {
      let sent = false;
      const body = new ReadableStream({
        pull(controller) {
          if (!sent) controller.enqueue(begin);
          else {
            throw new ConnectionError("CONNECTION_RESET", "it broke off", {
              method: "GET",
              url: request.url,
            });
          }
          sent = true;
        },
      });
      return new Response(body);
    },
    "origin.example": full,
  });
  const { blobs } = new RegistryClient("origin.example", {
    transport,
    mirrors: ["mirror.example"],
    retry: { baseDelay: 1 },
  }).repository("team/app");
  const stream = await blobs.get(await describe(content));
  assertEquals(await new Response(stream).text(), content);
  assertEquals(seen.map((one) => one.split("/")[0]), [
    "GET mirror.example",
    "GET mirror.example",
    "GET origin.example",
  ]);
});
