import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type AwsCredentials,
  chainCredentials,
  CredentialError,
  ecrCredentials,
  fixedCredentials,
  fromHandler,
  RegistryClient,
} from "@gantry/oci/distribution";
import {
  awsCredentialsFromEnvironment,
  ecrCredentialsFromEnvironment,
} from "@gantry/oci/distribution/node";
import { FakeEcr, type FakeEcrOptions } from "./_fake_ecr.ts";
import { assertNoSecret } from "./_layers.ts";

const KEY: AwsCredentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "s3cret+/key",
};
const PRIVATE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const SECRETS = ["s3cret", btoa("AWS:s3cret-pw-1")];

function fake(options: Partial<FakeEcrOptions> = {}): FakeEcr {
  return new FakeEcr({ ...KEY, ...options });
}

Deno.test("ecrCredentials() signs a request that AWS would take", async () => {
  await using ecr = fake();
  const { endpoint } = ecr;
  const store = ecrCredentials(KEY, { endpoint });
  assertEquals(await store.get(PRIVATE), {
    username: "AWS",
    password: "s3cret-pw-1",
  });
  const temporary = { ...KEY, sessionToken: "session" };
  const gallery = ecrCredentials(temporary, { endpoint });
  assertEquals(await gallery.get("public.ecr.aws"), {
    username: "AWS",
    password: "s3cret-pw-2",
  });
  assertEquals(ecr.requests, [
    {
      target: "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
      region: "eu-west-1",
      service: "ecr",
      sessionToken: null,
    },
    {
      target: "SpencerFrontendService.GetAuthorizationToken",
      region: "us-east-1",
      service: "ecr-public",
      sessionToken: "session",
    },
  ]);
});

/** The registry, and the host that is asked; undefined where it is not Amazon's. */
const PLACES: [string, string | undefined][] = [
  [PRIVATE, "api.ecr.eu-west-1.amazonaws.com"],
  [
    "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
    "ecr-fips.us-gov-west-1.amazonaws.com",
  ],
  [
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
    "api.ecr.cn-north-1.amazonaws.com.cn",
  ],
  ["123456789012.dkr-ecr.us-east-1.on.aws", "ecr.us-east-1.api.aws"],
  ["public.ecr.aws", "api.ecr-public.us-east-1.amazonaws.com"],
  ["ecr.aws", undefined],
  ["public.ecr.aws.example", undefined],
  ["123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", undefined],
  ["123456789012.dkr.ecr.evil.example/.amazonaws.com", undefined],
  ["123456789012.dkr.ecr.evil.amazonaws.com", undefined],
  ["12345.dkr.ecr.eu-west-1.amazonaws.com", undefined],
  [`${PRIVATE}:443`, undefined],
  ["ghcr.io", undefined],
];

for (const [registry, host] of PLACES) {
  Deno.test(`ecrCredentials() asks ${host ?? "nobody"} for ${registry}`, async () => {
    const asked: string[] = [];
    const store = ecrCredentials(KEY, {
      transport: fromHandler(({ url }) => {
        asked.push(url);
        const authorizationToken = btoa("AWS:pw");
        return Response.json({ authorizationData: { authorizationToken } });
      }),
    });
    const credential = await store.get(registry);
    assertEquals(asked, host === undefined ? [] : [`https://${host}/`]);
    assertEquals(credential !== undefined, host !== undefined);
  });
}

Deno.test("ecrCredentials() keeps a password until shortly before its end", async () => {
  let now = Date.UTC(2030, 0, 1);
  await using ecr = fake({
    answer: (count) =>
      Response.json({
        authorizationData: [{
          authorizationToken: btoa(`AWS:s3cret-pw-${count}`),
          expiresAt: now / 1000 + 3600,
        }],
      }),
  });
  const { endpoint } = ecr;
  const store = ecrCredentials(KEY, { endpoint, clock: () => now });
  await Promise.all(Array.from({ length: 5 }, () => store.get(PRIVATE)));
  now += 55 * 60_000 - 1;
  await store.get(PRIVATE);
  assertEquals(ecr.requests.length, 1);
  now += 1;
  assertEquals(await store.get(PRIVATE), {
    username: "AWS",
    password: "s3cret-pw-2",
  });
});

const BAD_ANSWERS: [string, () => Response, string][] = [
  [
    "a refusal",
    () =>
      Response.json({ __type: "x#AccessDenied", message: "s3cret" }, {
        status: 403,
      }),
    "it answered 403 AccessDenied",
  ],
  ["no JSON", () => new Response("s3cret"), "the answer is no JSON object"],
  ["null", () => Response.json(null), "the answer is no JSON object"],
  [
    "nothing",
    () => Response.json({ authorizationData: [] }),
    "the answer holds no password",
  ],
  [
    "no base64",
    () =>
      Response.json({ authorizationData: [{ authorizationToken: "s3cret" }] }),
    "the answer holds no password",
  ],
  [
    "a redirect",
    () => Response.redirect("https://evil.example/", 307),
    "it answered 307",
  ],
];

for (const [name, answer, reason] of BAD_ANSWERS) {
  Deno.test(`ecrCredentials() fails on ${name}, and quotes nothing`, async () => {
    await using ecr = fake({ answer });
    const store = ecrCredentials(KEY, { endpoint: ecr.endpoint });
    const error = await assertRejects(
      () => store.get(PRIVATE),
      CredentialError,
    );
    assertEquals(error.code, "CREDENTIAL_SERVICE_FAILED");
    assertEquals(
      error.message,
      `Cannot get a password for ${PRIVATE} from ${ecr.endpoint}: ${reason}`,
    );
    assertNoSecret(error, SECRETS);
  });
}

Deno.test("ecrCredentials() leaves an answer that never ends", async () => {
  await using ecr = fake({
    answer: () =>
      new Response(
        new ReadableStream({
          pull: (controller) =>
            controller.enqueue(new Uint8Array(65_536).fill(32)),
        }),
      ),
  });
  const store = ecrCredentials(KEY, { endpoint: ecr.endpoint });
  await assertRejects(
    () => store.get(PRIVATE),
    Error,
    "the body is larger than 131072 bytes",
  );
});

Deno.test("ecrCredentials() tells what AWS says to a wrong key", async () => {
  await using ecr = fake();
  const { endpoint } = ecr;
  const wrong = { ...KEY, secretAccessKey: "s3cret-other" };
  const stranger = { ...KEY, accessKeyId: "AKIDOTHER" };
  for (
    const [key, kind] of [
      [wrong, "InvalidSignatureException"],
      [stranger, "UnrecognizedClientException"],
    ] as const
  ) {
    const error = await assertRejects(
      () => ecrCredentials(key, { endpoint }).get(PRIVATE),
      CredentialError,
      `it answered 400 ${kind}`,
    );
    assertNoSecret(error, SECRETS);
  }
});

Deno.test("ecrCredentials() without a key fails for a private registry only", async () => {
  const store = ecrCredentials(() => Promise.resolve(undefined));
  const error = await assertRejects(() => store.get(PRIVATE), CredentialError);
  assertEquals(error.code, "CREDENTIAL_MISSING");
  assertEquals(await store.get("public.ecr.aws"), undefined);
  const chain = chainCredentials(
    store,
    fixedCredentials({ registryToken: "x" }),
  );
  assertEquals(await chain.get("ghcr.io"), { registryToken: "x" });
});

Deno.test("ecrCredentials() ends with its signal's reason", async () => {
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<Response>();
  await using ecr = fake({
    answer() {
      arrived.resolve();
      return gate.promise;
    },
  });
  const controller = new AbortController();
  const pending = assertRejects(
    () =>
      ecrCredentials(KEY, { endpoint: ecr.endpoint })
        .get(PRIVATE, { signal: controller.signal }),
    Error,
    "enough",
  );
  await arrived.promise;
  controller.abort(new Error("enough"));
  await pending;
  gate.resolve(new Response());
});

Deno.test("RegistryClient shows ECR's password as Basic", async () => {
  await using ecr = fake();
  const seen: (string | null)[] = [];
  using client = new RegistryClient(PRIVATE, {
    credentials: ecrCredentials(KEY, { endpoint: ecr.endpoint }),
    transport: fromHandler(({ headers }) => {
      seen.push(headers.get("authorization"));
      return seen.at(-1) === null
        ? new Response(null, {
          status: 401,
          headers: {
            "www-authenticate":
              `Basic realm="https://${PRIVATE}/",service="ecr.amazonaws.com"`,
          },
        })
        : new Response();
    }),
  });
  await client.ping();
  await client.ping();
  const basic = `Basic ${btoa("AWS:s3cret-pw-1")}`;
  assertEquals(seen, [null, basic, basic]);
  assertEquals(ecr.requests.length, 1);
});

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

Deno.test("ecrCredentialsFromEnvironment() signs with the environment's key", async () => {
  await using ecr = fake();
  const env = {
    AWS_ACCESS_KEY_ID: KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
    AWS_ENDPOINT_URL_ECR: ecr.endpoint,
  };
  const store = ecrCredentialsFromEnvironment({ env });
  assertEquals(await store.get(PRIVATE), {
    username: "AWS",
    password: "s3cret-pw-1",
  });
  assertEquals(await store.get("ghcr.io"), undefined);
});
