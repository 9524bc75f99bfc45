import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";
import { onTerminal } from "../_support/terminal.ts";

const PASSWORD = "s3cr3t-pass";
const KEY = "s3cr3t-key";
const SIGNATURE = "s3cr3t-signature";
const EMPTY = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest:
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  size: 2,
};

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

Deno.test("what turns the direction of writing does not reach the terminal", async () => {
  await using box = await openSandbox(() =>
    Response.json({
      tags: [
        "exe.\u202etxt",
        "a\u2066b",
        "\u0627\u200fb",
        "v\u200b1",
        "v\u20282",
      ],
    })
  );
  assertEquals(
    await box.ok("repo", "tags", `${box.host}/app`),
    "exe.?txt\na?b\n\u0627\u200fb\nv?1\nv?2\n",
  );
});

const STEERING = ["a\u009b2Jb", "c\u202ed", "e\x7ff"];

Deno.test("JSON that programs read has Go's escapes and no others", async () => {
  await using box = await openSandbox(() => Response.json({ tags: STEERING }));
  const text = await box.ok(
    ...["repo", "tags", `${box.host}/app`, "--format", "json"],
  );
  assertEquals(text, `${JSON.stringify({ tags: STEERING }, null, 2)}\n`);
});

Deno.test({
  name: "JSON on a terminal has as escapes what would steer it",
  ignore: !found("script"),
  async fn() {
    const bytes = new TextEncoder().encode(JSON.stringify({
      schemaVersion: 2,
      manifests: [],
      annotations: { a: STEERING.join() },
    }));
    await using box = await openSandbox(({ url }) =>
      url.includes("/tags/")
        ? Response.json({ tags: STEERING })
        : new Response(bytes, {
          headers: {
            "content-type": "application/vnd.oci.image.index.v1+json",
          },
        })
    );
    const name = `${box.host}/app`;
    for (
      const args of [
        ["repo", "tags", name, "--format", "json"],
        ["manifest", "fetch", `${name}:v1`],
        ["manifest", "fetch", `${name}:v1`, "--pretty"],
      ]
    ) {
      const { code, screen } = await onTerminal(box, args);
      assertEquals(code, 0, screen);
      assertStringIncludes(screen, "a\\u009b2Jb");
      assertStringIncludes(screen, "c\\u202ed");
      assertFalse(/[\x7f-\x9f\u202e]/.test(screen), screen);
    }
    assertEquals(
      await box.ok("manifest", "fetch", `${name}:v1`),
      new TextDecoder().decode(bytes),
    );
  },
});

const EVIL = "x\x1b[2J\r\nPulled all of it\n\u009b31m";

Deno.test("an error's words forge no line and move no cursor, with --debug or without", async () => {
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/x",
    config: EMPTY,
    layers: [{
      ...EMPTY,
      annotations: { "org.opencontainers.image.title": `../../${EVIL}` },
    }],
  });
  await using box = await openSandbox(({ url }) =>
    url.includes("/refused/")
      ? Response.json({
        errors: [{ code: EVIL, message: EVIL, detail: { [EVIL]: EVIL } }],
      }, { status: 403 })
      : new Response(manifest, {
        headers: {
          "content-type": "application/vnd.oci.image.manifest.v1+json",
        },
      })
  );
  for (const repository of ["refused/app", "app"]) {
    for (const flags of [[], ["--debug"]]) {
      const { code, stderr } = await box.gantry([
        ...["pull", `${box.host}/${repository}:v1`, ...flags],
      ]);
      assertEquals(code, 1);
      // deno-lint-ignore no-control-regex
      assertFalse(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(stderr), stderr);
      assertFalse(/^ *Pulled/m.test(stderr), stderr);
    }
  }
});

Deno.test("inspect --tags passes over what a registry lists that is no tag", async () => {
  const type = "application/vnd.oci.image.manifest.v1+json";
  const manifest = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: type, artifactType: "application/x" },
    ...{ config: EMPTY, layers: [EMPTY] },
  });
  await using box = await openSandbox(({ url }) =>
    url.includes("/tags/")
      ? Response.json({ tags: ["v1", EVIL] })
      : url.includes("/referrers/")
      ? new Response(null, { status: 404 })
      : new Response(manifest, { headers: { "content-type": type } })
  );
  const page = await box.ok("inspect", "--tags", `${box.host}/app:v1`);
  assertStringIncludes(page, "v1");
});

Deno.test("--debug lets no control character of a header reach the terminal", async () => {
  await using box = await openSandbox(() =>
    new Response(null, { status: 404, headers: { "x-evil": "a\u009b2Jb" } })
  );
  const { stderr } = await box.gantry(["resolve", `${box.host}/app:v1`, "-d"]);
  assertStringIncludes(stderr, '"x-evil": "a?2Jb"');
  assertFalse(stderr.includes("\u009b"));
});
