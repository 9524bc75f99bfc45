import {
  createRegistry,
  htpasswd,
  HtpasswdError,
  type ServerEvent,
} from "@gantry/oci/distribution/server";
import { assertEquals, assertFalse, assertThrows } from "@std/assert";
import { hash } from "bcryptjs";
import { digestOf, errorCode } from "./_registries.ts";

function basic(user: string, password: string): Record<string, string> {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

function ask(
  registry: { fetch(request: Request): Promise<Response> },
  headers: Record<string, string>,
  path = "/v2/",
): Promise<Response> {
  return registry.fetch(
    new Request(`http://registry.test${path}`, { headers }),
  );
}

Deno.test("createRegistry({ authenticate }) challenges those it does not know", async () => {
  const registry = createRegistry({
    authenticate: htpasswd(`älice:${await hash("pass:wörd", 4)}\n`),
  });
  const paths = ["/v2/", "/v2/_catalog", `/v2/a/blobs/${await digestOf("x")}`];
  for (const path of paths) {
    const refused = await ask(registry, {}, path);
    assertEquals(refused.status, 401);
    assertEquals(
      refused.headers.get("www-authenticate"),
      'Basic realm="gantry", charset="UTF-8"',
    );
    assertEquals(await errorCode(refused), "UNAUTHORIZED");
  }
  assertEquals((await ask(registry, basic("älice", "pass:wörd"))).status, 200);
  for (
    const headers of [
      basic("älice", "wrong"),
      basic("älice", ""),
      basic("bob", "pass:wörd"),
      { authorization: "Basic" },
      { authorization: "Basic !!!" },
      { authorization: "Basic /w==" },
      { authorization: `Basic ${btoa("nocolon")}` },
      { authorization: "Bearer abc" },
    ]
  ) {
    assertEquals((await ask(registry, headers)).status, 401);
  }
});

Deno.test("htpasswd() refuses what is no bcrypt hash, and shows none of it", () => {
  for (
    const [line, number] of [
      ["alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", 1],
      ["\n# a comment\nalice:plainsecret", 3],
      ["alice:$apr1$salt$hashedsecret", 1],
      ["alicesecret", 1],
      [":$2y$05$secret", 1],
    ] as const
  ) {
    const error = assertThrows(() => htpasswd(line), HtpasswdError);
    assertEquals([error.code, error.line], ["HTPASSWD_INVALID", number]);
    assertFalse(/secret|W6ph|salt/.test(error.message));
  }
});

Deno.test("htpasswd() lets nobody in from an empty file", async () => {
  const registry = createRegistry({ authenticate: htpasswd("# nobody\n\n") });
  assertEquals((await ask(registry, basic("", ""))).status, 401);
});

Deno.test("createRegistry({ onEvent }) tells who did what, and no secret", async () => {
  const events: ServerEvent[] = [];
  const registry = createRegistry({
    authenticate: htpasswd(`alice:${await hash("topsecret", 4)}`),
    onEvent: (event) => events.push(event),
  });
  const digest = await digestOf("hello");
  const headers = basic("alice", "topsecret");
  await registry.fetch(
    new Request(
      `http://registry.test/v2/app/blobs/uploads/?digest=${digest}&x=topsecret`,
      { method: "POST", body: "hello", headers },
    ),
  );
  await ask(registry, basic("alice", "othersecret"));
  assertEquals(
    events.map((event) =>
      "duration" in event ? { ...event, duration: 0 } : event
    ),
    [
      { type: "push", kind: "blob", repository: "app", digest, user: "alice" },
      {
        type: "request",
        method: "POST",
        path: "/v2/app/blobs/uploads/",
        status: 201,
        duration: 0,
        address: undefined,
        user: "alice",
      },
      {
        type: "request",
        method: "GET",
        path: "/v2/",
        status: 401,
        duration: 0,
        address: undefined,
        user: undefined,
      },
    ],
  );
  assertFalse(JSON.stringify(events).includes("secret"));
});

Deno.test("createRegistry() hides what went wrong inside, and tells the operator", async () => {
  const events: ServerEvent[] = [];
  const failure = new Error("/srv/secret/path: no space left");
  const registry = createRegistry({
    authenticate: () => {
      throw failure;
    },
    onEvent: (event) => events.push(event),
  });
  const response = await ask(registry, basic("a", "b"));
  assertEquals(response.status, 500);
  assertFalse((await response.text()).includes("secret"));
  assertEquals(events[0], {
    type: "error",
    method: "GET",
    path: "/v2/",
    error: failure,
  });
});
