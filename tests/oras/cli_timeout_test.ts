import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { gantryCommand } from "../_support/gantry.ts";

const OVERDUE = `Error: the command took longer than 700ms
--timeout says how long it may take
`;

/** A body that begins and never ends. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array([123])),
  });
}

/** What keeps a command waiting, by what it waits for. */
const WAITS: Readonly<
  Record<string, (request: Request, end: Promise<Response>) => unknown>
> = {
  "an answer": (_request, end) => end,
  "the rest of an answer": () => new Response(endless()),
  "another try": () =>
    new Response(null, { status: 503, headers: { "retry-after": "60" } }),
  "a token": (request, end) => {
    const { host, pathname } = new URL(request.url);
    const realm = `Bearer realm="http://${host}/token"`;
    return pathname === "/token" ? end : new Response(null, {
      status: 401,
      headers: { "www-authenticate": realm },
    });
  },
};

for (const [what, answer] of Object.entries(WAITS)) {
  Deno.test(`--timeout ends a command that waits for ${what}`, async () => {
    const { promise: end, resolve: stop } = Promise.withResolvers<Response>();
    await using box = await openSandbox((request) =>
      answer(request, end) as Response | Promise<Response>
    );
    const reference = `${box.host}/app:v1`;
    for (
      const line of [
        ["resolve", reference],
        ["manifest", "fetch", reference],
        ["pull", reference, "-o", "out"],
        ["cp", reference, `${box.host}/other:v1`],
      ]
    ) {
      const { code, stderr } = await box.gantry([...line, "--timeout=700ms"]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, OVERDUE, line.join(" "));
    }
    assertEquals(await box.exists("out"), false);
    stop(new Response());
  });
}

Deno.test("--timeout ends a command that waits for stdin, which stays open", async () => {
  await using box = await openSandbox();
  for (
    const words of [
      ["login", box.host, "-u", "me", "--password-stdin"],
      ["login", box.host],
      ["blob", "push", `${box.host}/app`, "-"],
      ["manifest", "push", `${box.host}/app:v1`, "-"],
    ]
  ) {
    const [program, ...prefix] = gantryCommand();
    const child = new Deno.Command(program!, {
      args: [...prefix, ...words, "--timeout=700ms"],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = await new Response(child.stderr).text();
    assertEquals((await child.status).code, 1);
    assertStringIncludes(stderr, OVERDUE, words.join(" "));
    await child.stdin.close().catch(() => {});
  }
});

Deno.test("--timeout leaves a command alone that is done in time", async () => {
  await using box = await openSandbox(createRegistry().fetch);
  // A timer that is left would keep the program alive, and this test with it.
  await box.ok("push", `${box.host}/app:v1`, "--timeout=1h");
  await box.ok("resolve", `${box.host}/app:v1`, "--timeout=100d");
});
