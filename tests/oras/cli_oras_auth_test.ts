import { assertEquals } from "@std/assert";
import { createRegistry, issueTokens } from "@gantry/oci/distribution/server";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const ignore = !found("oras");

/** What the user sees, and what is kept. */
async function run(
  box: Sandbox,
  program: "gantry" | "oras",
  line: string,
  stdin = "",
): Promise<unknown> {
  const args = line.split(" ").map((word) => word.replace("HOST", box.host));
  const { code, stderr, stdout } = await box[program](args, { stdin });
  const hide = (text: string) =>
    text.replaceAll(box.host, "HOST").replaceAll(box.folder, "WORK")
      .replaceAll("oras ", "gantry ")
      // Questions are on stderr here, and on stdout there.
      .replace(/(?:Username: )?Password: \n?/, "");
  const config = await Deno.readTextFile(`${box.folder}/../docker/config.json`)
    .catch(() => undefined);
  return {
    code,
    stdout: hide(stdout),
    stderr: hide(stderr),
    config: config && JSON.parse(hide(config)),
  };
}

async function guarded(tokens: boolean): Promise<Sandbox> {
  const registry = createRegistry({
    authenticate: (name, password) =>
      name === "me" && password === "sesame" ? { name } : undefined,
    ...(tokens && { tokens: issueTokens() }),
  });
  return await openSandbox(registry.fetch);
}

const LINES: readonly (readonly [line: string, stdin?: string])[] = [
  ["login HOST -u me --password-stdin", "sesame"],
  ["repo ls HOST"],
  ["logout HOST"],
  ["logout HOST"],
  ["login HOST -u me --password-stdin", "sesame\r\n"],
  ["login HOST -u me -p sesame"],
  ["login HOST", "me\nsesame\n"],
  ["login HOST -u me", "sesame\n"],
  ["logout HOST"],
  ["push HOST/app:v1 -u me --password-stdin", "sesame"],
  ["repo tags HOST/app -u me -p sesame"],
  ["login HOST -u me -p a --password-stdin"],
  ["login HOST -u me --identity-token x"],
  ["login HOST HOST"],
];

for (const tokens of [false, true]) {
  Deno.test({
    name: `login and logout with ${
      tokens ? "tokens" : "passwords"
    } print and keep the same as oras`,
    ignore,
    async fn() {
      await using theirs = await guarded(tokens);
      await using ours = await guarded(tokens);
      for (const [line, stdin] of LINES) {
        // What is pushed has a time in it.
        const view = (answer: unknown) =>
          JSON.parse(
            JSON.stringify(answer).replaceAll(/(sha256:)?[0-9a-f]{12,64}/g, ""),
          );
        assertEquals(
          view(await run(ours, "gantry", line, stdin)),
          view(await run(theirs, "oras", line, stdin)),
          line,
        );
      }
    },
  });
}

Deno.test({
  name: "who is refused has the exit code of oras, no result, and a reason",
  ignore,
  async fn() {
    for (const tokens of [false, true]) {
      await using box = await guarded(tokens);
      for (
        const [line, stdin] of [
          ["login HOST -u me --password-stdin", "wrong"],
          ["repo ls HOST"],
          ["repo tags HOST/app"],
          ["resolve HOST/app:v1"],
          ["manifest fetch HOST/app:v1"],
          ["pull HOST/app:v1"],
          ["push HOST/app:v1"],
          ["push HOST/app:v1 -u me -p wrong"],
        ]
      ) {
        const view = (answer: unknown) => {
          const { code, stderr, stdout } = answer as Record<string, string>;
          return { code, stdout, says: stderr !== "" };
        };
        assertEquals(
          view(await run(box, "gantry", line!, stdin)),
          view(await run(box, "oras", line!, stdin)),
          line,
        );
      }
    }
  },
});
