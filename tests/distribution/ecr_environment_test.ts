import { assert, assertEquals, assertRejects } from "@std/assert";
import { CredentialError } from "@gantry/oci/distribution";
import {
  awsCredentialsFromEnvironment,
  ecrCredentialsFromEnvironment,
} from "@gantry/oci/distribution/node";
import { FakeEcr, KEY, PRIVATE, SECRETS } from "./_fake_ecr.ts";
import { assertNoSecret } from "./_layers.ts";

/** A home with AWS files, gone afterwards. */
async function withHome(
  files: Record<string, string>,
  work: (home: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/.aws`);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${home}/.aws/${name}`, text);
    }
    await work(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const FILES = {
  credentials: `# keys
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key=s3cret/a=b== # mine
[ ci ]
AWS_ACCESS_KEY_ID = AKIDCI
aws_secret_access_key = s3cret-ci
aws_session_token = session-ci
[half]
aws_access_key_id = AKIDHALF
`,
  config: `[default]\r
region = eu-west-1\r
s3 =\r
  aws_access_key_id = nested\r
[profile conf]\r
aws_access_key_id = AKIDCONF\r
aws_secret_access_key = s3cret-conf\r
[bare]\r
aws_access_key_id = AKIDBARE\r
aws_secret_access_key = s3cret-bare\r
`,
};

Deno.test("awsCredentialsFromEnvironment() looks where the AWS tools look", async () => {
  await withHome(FILES, async (HOME) => {
    const id = async (env: Record<string, string>) =>
      (await awsCredentialsFromEnvironment({ env: { HOME, ...env } })())
        ?.accessKeyId;
    assertEquals(await id({}), "AKIDDEFAULT");
    assertEquals(await id({ AWS_PROFILE: "ci" }), "AKIDCI");
    assertEquals(await id({ AWS_PROFILE: "conf" }), "AKIDCONF");
    const keys = {
      AWS_ACCESS_KEY_ID: "AKIDENV",
      AWS_SECRET_ACCESS_KEY: "s3cret",
    };
    assertEquals(await id({ ...keys, AWS_PROFILE: "ci" }), "AKIDENV");
    assertEquals(await id({ AWS_ACCESS_KEY_ID: "AKIDENV" }), "AKIDDEFAULT");
    const elsewhere = { AWS_SHARED_CREDENTIALS_FILE: "/nonexistent" };
    assertEquals(await id(elsewhere), undefined);
    assertEquals(
      await id({ ...elsewhere, AWS_CONFIG_FILE: `${HOME}/.aws/credentials` }),
      "AKIDDEFAULT",
    );
    const ci = awsCredentialsFromEnvironment({
      env: { HOME, AWS_PROFILE: "ci" },
    });
    assertEquals(await ci(), {
      accessKeyId: "AKIDCI",
      secretAccessKey: "s3cret-ci",
      sessionToken: "session-ci",
    });
    const own = awsCredentialsFromEnvironment({ env: { HOME } });
    assertEquals((await own())?.secretAccessKey, "s3cret/a=b==");
  });
});

Deno.test("awsCredentialsFromEnvironment() names a profile that has no key", async () => {
  await withHome(FILES, async (HOME) => {
    for (const AWS_PROFILE of ["half", "bare", "none"]) {
      const find = awsCredentialsFromEnvironment({
        env: { HOME, AWS_PROFILE },
      });
      const error = await assertRejects(() => find(), CredentialError);
      assertEquals(error.code, "CREDENTIAL_MISSING");
      assert(error.message.includes(JSON.stringify(AWS_PROFILE)));
      assertNoSecret(error, SECRETS);
    }
  });
});

/** An environment with a key, in which a server stands for AWS' service. */
function environment({ addr }: Deno.HttpServer<Deno.NetAddr>) {
  return {
    AWS_ACCESS_KEY_ID: KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
    AWS_ENDPOINT_URL_ECR: `http://127.0.0.1:${addr.port}/`,
  };
}

const ANYWHERE = { hostname: "127.0.0.1", port: 0, onListen: () => {} };

Deno.test("ecrCredentialsFromEnvironment() signs with the environment's key", async () => {
  const ecr = new FakeEcr();
  await using server = Deno.serve(ANYWHERE, (request) => ecr.fetch(request));
  const store = ecrCredentialsFromEnvironment({ env: environment(server) });
  assertEquals(await store.get(PRIVATE), {
    username: "AWS",
    password: "s3cret-pw-1",
  });
  assertEquals(await store.get("ghcr.io"), undefined);
});

Deno.test("ecrCredentialsFromEnvironment() follows no redirect", async () => {
  const paths: string[] = [];
  await using server = Deno.serve(ANYWHERE, ({ url }) => {
    paths.push(new URL(url).pathname);
    return Response.redirect(new URL("/elsewhere", url), 307);
  });
  const store = ecrCredentialsFromEnvironment({ env: environment(server) });
  const error = await assertRejects(() => store.get(PRIVATE), CredentialError);
  assert(error.message.endsWith(": it answered 307"), error.message);
  assertEquals(paths, ["/"]);
});
