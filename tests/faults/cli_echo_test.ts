import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { openSandbox } from "../_support/cli_sandbox.ts";

const PASSWORD = "s3cr3t-pass";
const KEY = "s3cr3t-key";
const SIGNATURE = "s3cr3t-signature";

Deno.test("--debug shows no secret that an answer's headers quote", async () => {
  await using box = await openSandbox(({ headers }) => {
    const shown = headers.get("authorization");
    const realm = `http://localhost:1/token?sig=${SIGNATURE}`;
    return shown === null
      ? new Response(null, {
        status: 401,
        headers: {
          "www-authenticate": `Basic realm="x", Other realm="${realm}"`,
        },
      })
      : new Response(null, {
        status: 404,
        headers: {
          "x-echo": shown,
          "x-password": atob(shown.slice("Basic ".length)),
          "x-key": `it was ${headers.get("x-api-key")}`,
        },
      });
  });
  const { code, stdout, stderr } = await box.gantry([
    ...["pull", `${box.host}/app:v1`, "--debug"],
    ...["-u", "me", "-p", PASSWORD, "-H", `X-Api-Key: ${KEY}`],
  ]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "x-password");
  for (
    const secret of [PASSWORD, KEY, SIGNATURE, btoa(`me:${PASSWORD}`)]
  ) assertFalse((stdout + stderr).includes(secret), secret);
});

Deno.test("repo tags and repo ls let no control character reach the terminal", async () => {
  await using box = await openSandbox(() =>
    Response.json({ tags: ["a\x1b[2J\nb"], repositories: ["c\x1b[2J\nd"] })
  );
  assertEquals(await box.ok("repo", "tags", `${box.host}/app`), "a?[2J?b\n");
  assertEquals(await box.ok("repo", "ls", box.host), "c?[2J?d\n");
});
