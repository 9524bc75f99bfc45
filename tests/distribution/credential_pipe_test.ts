import { assertEquals, assertRejects } from "@std/assert";
import { CredentialError } from "@gantry/oci/distribution";
import {
  awsCredentialsFromEnvironment,
  DockerConfig,
  PodmanAuth,
} from "@gantry/oci/distribution/node";
import { runGantry } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

/** A folder with a named pipe that nobody writes to. */
async function withPipe(
  work: (folder: string, pipe: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const pipe = `${folder}/pipe`;
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  try {
    await work(folder, pipe);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const READERS: readonly [string, (pipe: string) => Promise<unknown>][] = [
  ["docker's", (pipe) => new DockerConfig(pipe).get("r.example")],
  ["podman's", (pipe) => new PodmanAuth(pipe).get("r.example")],
  [
    "AWS'",
    (pipe) =>
      awsCredentialsFromEnvironment({
        env: { AWS_SHARED_CREDENTIALS_FILE: pipe },
      })(),
  ],
];

for (const [whose, read] of READERS) {
  Deno.test({
    name: `A credential file of ${whose} that is a pipe is refused at once`,
    ignore: !found("mkfifo"),
    fn: () =>
      withPipe(async (_, pipe) => {
        const error = await assertRejects(() => read(pipe), CredentialError);
        assertEquals(
          [error.code, error.message],
          [
            "CREDENTIAL_CONFIG_INVALID",
            `Cannot read ${pipe}: it is not a regular file`,
          ],
        );
      }),
  });
}

Deno.test("The null device is a credential file without credentials", async () => {
  const path = Deno.build.os === "windows" ? "NUL" : "/dev/null";
  assertEquals(await new DockerConfig(path).get("r.example"), undefined);
});

Deno.test({
  name: "htpasswd and serve refuse a pipe as the file of users",
  ignore: !found("mkfifo"),
  fn: () =>
    withPipe(async (_, pipe) => {
      for (
        const args of [
          ["htpasswd", "--password-stdin", pipe, "me"],
          ["serve", "--listen=127.0.0.1:0", `--htpasswd=${pipe}`],
        ]
      ) {
        const { code, stderr } = await runGantry(args, { stdin: "s3cret" });
        assertEquals(
          [code, stderr],
          [1, `Error: open ${pipe}: not a regular file\n`],
        );
      }
    }),
});
