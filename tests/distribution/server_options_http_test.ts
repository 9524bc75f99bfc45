import {
  createRegistry,
  memoryStorage,
  webhook,
} from "@gantry/oci/distribution/server";
import { serve } from "@gantry/oci/distribution/server/node";
import { assertEquals, assertThrows } from "@std/assert";
import { client, manifestText, putManifest } from "./_registries.ts";

Deno.test("serve() tells the registry the client's address", async () => {
  const addresses: unknown[] = [];
  const registry = createRegistry({
    onEvent: (event) =>
      event.type === "request" && addresses.push(event.address),
  });
  await using server = await serve(registry);
  await (await fetch(`${server.url}/v2/`)).body?.cancel();
  assertEquals(addresses, ["127.0.0.1"]);
});

Deno.test("webhook() sends in order, tries again, and tells what is lost", async () => {
  const received: string[] = [];
  let failures = 1;
  await using receiver = await serve({
    async fetch(request) {
      const { tag } = await request.json();
      if (failures-- > 0) return new Response("no", { status: 503 });
      received.push(`${request.headers.get("x-key")} ${tag}`);
      return new Response();
    },
  });
  const lost: string[] = [];
  const onError = ({ message }: Error) => lost.push(message);
  const hook = webhook(receiver.url, { headers: { "x-key": "k" }, onError });
  const registry = client((path, init) => {
    const request = new Request(`http://registry.test${path}`, init);
    return createRegistry({ storage, onEvent: hook.onEvent }).fetch(request);
  });
  const storage = memoryStorage();
  const text = await manifestText();
  for (const tag of ["a", "b", "c"]) {
    await putManifest(registry, "app", tag, text);
  }
  await hook.flush();
  assertEquals(received, ["k a", "k b", "k c"]);
  failures = 3;
  await putManifest(registry, "app", "d", text);
  await hook.flush();
  assertEquals(lost, [
    `Cannot deliver event to ${receiver.url}/: status 503`,
  ]);
});

Deno.test("webhook() drops what would wait beyond its limit, and tells it", async () => {
  const received: string[] = [];
  await using receiver = await serve({
    async fetch(request) {
      received.push((await request.json()).tag);
      return new Response();
    },
  });
  const lost: string[] = [];
  const push = (tag: string) =>
    hook.onEvent({ type: "push", kind: "tag", repository: "app", tag });
  await using hook = webhook(receiver.url, {
    maxWaiting: 2,
    onError: ({ message }, { tag }) => lost.push(`${message} ${tag}`),
  });
  for (const tag of ["a", "b", "c"]) {
    push(tag);
  }
  await hook.flush();
  push("d");
  await hook.flush();
  assertEquals(received, ["a", "b", "d"]);
  const reason =
    `Cannot deliver event to ${receiver.url}/: too many events wait`;
  assertEquals(lost, [`${reason} c`]);
});

Deno.test("webhook() refuses a URL that is none, and does not show it", () => {
  assertThrows(
    () => webhook("hooks.example/secret"),
    TypeError,
    "Cannot make a webhook: its URL is malformed",
  );
});
