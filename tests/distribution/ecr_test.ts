import { assertEquals, assertRejects } from "@std/assert";
import {
  chainCredentials,
  CredentialError,
  ecrCredentials,
  fixedCredentials,
  fromHandler,
  RegistryClient,
} from "@gantry/oci/distribution";
import { FakeEcr, KEY, PRIVATE, SECRETS } from "./_fake_ecr.ts";
import { assertNoSecret } from "./_layers.ts";

Deno.test("ecrCredentials() signs a request that AWS would take", async () => {
  const ecr = new FakeEcr();
  const { endpoint, transport } = ecr;
  const store = ecrCredentials(KEY, { endpoint, transport });
  assertEquals(await store.get(PRIVATE), {
    username: "AWS",
    password: "s3cret-pw-1",
  });
  const temporary = { ...KEY, sessionToken: "session" };
  const gallery = ecrCredentials(temporary, { endpoint, transport });
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
  const ecr = new FakeEcr((count) =>
    Response.json({
      authorizationData: [{
        authorizationToken: btoa(`AWS:s3cret-pw-${count}`),
        expiresAt: now / 1000 + 3600,
      }],
    })
  );
  const { endpoint, transport } = ecr;
  const store = ecrCredentials(KEY, { endpoint, transport, clock: () => now });
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
    const ecr = new FakeEcr(answer);
    const store = ecrCredentials(KEY, ecr);
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
  const ecr = new FakeEcr(() =>
    new Response(
      new ReadableStream({
        pull: (controller) =>
          controller.enqueue(new Uint8Array(65_536).fill(32)),
      }),
    )
  );
  const store = ecrCredentials(KEY, ecr);
  await assertRejects(
    () => store.get(PRIVATE),
    Error,
    "the body is larger than 131072 bytes",
  );
});

Deno.test("ecrCredentials() tells what AWS says to a wrong key", async () => {
  const ecr = new FakeEcr();
  const { endpoint, transport } = ecr;
  const wrong = { ...KEY, secretAccessKey: "s3cret-other" };
  const stranger = { ...KEY, accessKeyId: "AKIDOTHER" };
  for (
    const [key, kind] of [
      [wrong, "InvalidSignatureException"],
      [stranger, "UnrecognizedClientException"],
    ] as const
  ) {
    const error = await assertRejects(
      () => ecrCredentials(key, { endpoint, transport }).get(PRIVATE),
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
  const ecr = new FakeEcr(() => {
    arrived.resolve();
    return gate.promise;
  });
  const controller = new AbortController();
  const pending = assertRejects(
    () =>
      ecrCredentials(KEY, ecr)
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
  const ecr = new FakeEcr();
  const seen: (string | null)[] = [];
  const client = new RegistryClient(PRIVATE, {
    credentials: ecrCredentials(KEY, ecr),
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
  client.close();
  assertEquals(seen, [null, basic, basic]);
  assertEquals(ecr.requests.length, 1);
});
