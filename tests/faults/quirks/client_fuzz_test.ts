import { assert, assertEquals } from "@std/assert";
import { Digest, OciError } from "@gantry/oci/digest";
import {
  ConnectionError,
  fixedCredentials,
  fromHandler,
  RegistryClient,
  type Repository,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  artifactManifest,
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  encodeJson,
  MediaTypes,
} from "@gantry/oci/image";
import { copy, MemoryStore } from "@gantry/oci/oras";
import { evilAnswer, pick, type Random, randomFrom } from "./_evil_answers.ts";

const SECRET = "s3cret-pass-w0rd";
const API_KEY = "k3y-of-the-user-1";
const CREDENTIALS = { username: "me", password: SECRET };
/** Every form in which a secret could be shown. */
const FORMS = [SECRET, API_KEY, btoa(`me:${SECRET}`)];

const TEXT = "0123456789";
const BLOB = {
  mediaType: "text/plain",
  digest: String(await Digest.fromString(TEXT)),
  size: TEXT.length,
};
const MANIFEST = encodeJson(
  artifactManifest({ artifactType: "application/vnd.example.x" }),
);
const SUBJECT = {
  mediaType: MediaTypes.manifest,
  digest: String(await Digest.fromBytes(MANIFEST)),
  size: MANIFEST.byteLength,
};
const NOTE = encodeJson(
  artifactManifest({ artifactType: "application/x.note", subject: SUBJECT }),
);
const NOTE_DIGEST = String(await Digest.fromBytes(NOTE));
const mediaType = MediaTypes.manifest;

const textOf = async (
  stream: Promise<ReadableStream<Uint8Array>>,
): Promise<string> => await new Response(await stream).text();

/** Everything that a client does; what it must give, where it gives anything. */
const OPERATIONS: readonly ((
  repository: Repository,
  client: RegistryClient,
) => Promise<unknown>)[] = [
  (_, client) => client.ping(),
  (_, client) => Array.fromAsync(client.catalog()),
  async ({ tags }) => {
    for (const tag of await Array.fromAsync(tags.list())) {
      assertEquals(typeof tag, "string");
    }
  },
  ({ tags }) => tags.delete("v1"),
  ({ manifests }) => manifests.get("v1"),
  async ({ manifests }) =>
    assertEquals((await manifests.get(SUBJECT.digest)).bytes, MANIFEST),
  async ({ manifests }) => {
    const { bytes, descriptor } = await manifests.fetch("v1");
    const { algorithm } = Digest.parse(descriptor.digest);
    assertEquals(
      String(await Digest.fromBytes(bytes, { algorithm })),
      descriptor.digest,
    );
    assertEquals(descriptor.size, bytes.byteLength);
  },
  async ({ manifests }) => {
    const { digest, size } = await manifests.head("v1");
    Digest.parse(digest);
    assert(Number.isSafeInteger(size) && size >= 0, String(size));
  },
  async ({ manifests }) =>
    assertEquals(
      (await manifests.put("v2", MANIFEST, { mediaType })).digest,
      SUBJECT.digest,
    ),
  ({ manifests }) =>
    manifests.put("v2", MANIFEST, { mediaType, tags: ["v3", "v4"] }),
  ({ manifests }) => manifests.put(NOTE_DIGEST, NOTE, { mediaType }),
  ({ manifests }) => manifests.delete(SUBJECT.digest),
  ({ manifests }) => manifests.delete(NOTE_DIGEST),
  ({ referrers }) => Array.fromAsync(referrers.list(SUBJECT)),
  ({ referrers }) =>
    Array.fromAsync(
      referrers.list(SUBJECT, { artifactType: "application/x.note" }),
    ),
  async ({ blobs }) => assertEquals(await textOf(blobs.get(BLOB)), TEXT),
  async ({ blobs }) =>
    assertEquals((await textOf(blobs.get(BLOB, { offset: 4 }))).length, 6),
  async ({ blobs }) => {
    const { size } = await blobs.head(BLOB.digest);
    assert(Number.isInteger(size) && size >= 0, String(size));
  },
  ({ blobs }) => blobs.exists(BLOB),
  ({ blobs }) => blobs.push(BLOB, toSource(TEXT)),
  ({ blobs }) => blobs.push(BLOB, toSource(TEXT), { chunkSize: 3 }),
  ({ blobs }) => blobs.push(BLOB, toSource(TEXT), { singlePost: true }),
  ({ blobs }) =>
    blobs.push(BLOB, toSource(TEXT), { mount: { from: "team/base" } }),
  ({ blobs }) => blobs.pushStream(new Blob([TEXT]).stream(), { chunkSize: 3 }),
  ({ blobs }) => blobs.delete(BLOB.digest),
  async ({ uploads }) => {
    const session = await uploads.start();
    await session.send(new TextEncoder().encode(TEXT));
    await session.status();
    await session.finish(BLOB.digest);
  },
  async ({ uploads }) => await (await uploads.start()).cancel(),
  (repository) => copy(repository, "v1", new MemoryStore(), "v1"),
  (repository) => copy(new MemoryStore(), "v1", repository, "v1"),
  (repository) =>
    copy(repository, SUBJECT.digest, repository, "v9", { recursive: true }),
];

/** How long an operation may take, in milliseconds: by far longer than any does. */
const PATIENCE = 20_000;

/** Ends as the operation does, or fails where that takes too long. */
async function within<T>(work: Promise<T>, shown: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${shown} hangs`)), PATIENCE);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What an operation may end with beside its result, and that it shows no secret. */
function assertDecent(error: unknown, shown: string): void {
  if (error instanceof Error && error.name === "AssertionError") throw error;
  assert(
    error instanceof OciError,
    `${shown} ended with ${Deno.inspect(error)}`,
  );
  assert(error.message.length < 50_000, `${shown}: ${error.message.length}`);
  // deno-lint-ignore no-control-regex -- that is what must not be there
  assert(!/[\x00-\x08\x0b-\x1f\x7f]/.test(error.message), shown);
  assertNoSecret(Deno.inspect(error, { depth: 10 }), shown);
}

function assertNoSecret(text: string, shown: string): void {
  for (const form of FORMS) assert(!text.includes(form), `${shown}: ${text}`);
}

/** A client with secrets whose clock runs as it sleeps. */
function clientOf(
  handler: (request: Request) => Promise<Response>,
  shown: string,
): RegistryClient {
  let now = Date.UTC(2030, 0, 1);
  return new RegistryClient("registry.example", {
    transport: fromHandler(handler),
    credentials: fixedCredentials(CREDENTIALS),
    headers: { "x-api-key": API_KEY },
    onEvent: (event) => assertNoSecret(JSON.stringify(event), shown),
    retry: {
      maxAttempts: 3,
      clock: () => now,
      sleep: (ms) => {
        now += ms;
        return Promise.resolve();
      },
    },
  });
}

/** A registry with content, which now and then answers as nobody would expect. */
async function evilRegistry(
  next: Random,
): Promise<(request: Request) => Promise<Response>> {
  const registry = createRegistry();
  const good = new RegistryClient("registry.example", {
    transport: fromHandler((request) => registry.fetch(request)),
  }).repository("team/app");
  await good.blobs.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
  await good.blobs.push(BLOB, toSource(TEXT));
  await good.manifests.put("v1", MANIFEST, { mediaType });
  const evil = next(4) + 1;
  /** What the client has shown so far: nobody can quote more. */
  const known = new Set([""]);
  return async (request) => {
    const { headers, url } = request;
    for (const name of ["authorization", "x-api-key"]) {
      const value = headers.get(name) ?? "";
      const [, token = ""] = /^\S+ (.+)$/.exec(value) ?? [];
      for (const text of [value, token]) {
        known.add(text).add(encodeURIComponent(text));
      }
      if (token === btoa(`me:${SECRET}`)) known.add(SECRET);
    }
    if (new URL(url).host === "registry.example" && next(5) >= evil) {
      return await registry.fetch(request);
    }
    const quoted = pick(next, [...known]);
    // Some read the body before they answer, some leave it.
    if (next(2) === 0) await request.body?.cancel().catch(() => {});
    return evilAnswer(next, {
      quoted,
      cut: () =>
        new ConnectionError("CONNECTION_RESET", "the line was cut", request),
    });
  };
}

const BATCHES = 8;
const ROUNDS = 60;

for (let batch = 0; batch < BATCHES; batch++) {
  Deno.test(`no answer makes an operation hang, fail without a name or tell a secret (${batch})`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const seed = batch * ROUNDS + round;
      const next = randomFrom(seed);
      let requests = 0;
      const handler = await evilRegistry(next);
      const client = clientOf((request) => {
        requests++;
        return handler(request);
      }, `seed ${seed}`);
      const repository = client.repository("team/app");
      for (let count = 0; count < 3; count++) {
        const operation = next(OPERATIONS.length);
        const shown = `seed ${seed}, operation ${operation}`;
        requests = 0;
        try {
          await within(OPERATIONS[operation]!(repository, client), shown);
        } catch (error) {
          assertDecent(error, shown);
        }
        assert(requests < 300, `${shown} took ${requests} requests`);
      }
    }
  });
}
