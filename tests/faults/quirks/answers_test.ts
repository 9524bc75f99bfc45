import { assert, assertEquals, assertRejects } from "@std/assert";
import { fetchTransport } from "@gantry/oci/distribution";
import { denoTransport, nodeTransport } from "@gantry/oci/distribution/node";
import {
  fromHandler,
  ProtocolError,
  RateLimitError,
  RegistryClient,
  type Repository,
  type RetryEvent,
} from "@gantry/oci/distribution";
import { encodeJson, imageIndex, MediaTypes } from "@gantry/oci/image";
import { gzipSync } from "node:zlib";
import { openQuirkRegistry } from "../../_support/quirk_registry.ts";
import { REPOSITORY, textBlob } from "./_round_trip.ts";

const INDEX = encodeJson(imageIndex([]));
const mediaType = MediaTypes.index;

/** What the waits of a push of blob and manifest were. */
async function delays(quirk: string): Promise<number[]> {
  await using registry = openQuirkRegistry([quirk]);
  const events: RetryEvent[] = [];
  using client = registry.client({
    onEvent: (event) => {
      if (event.type === "retry") events.push(event);
    },
  });
  const { descriptor, source } = await textBlob("text");
  const { blobs, manifests } = client.repository(REPOSITORY);
  await blobs.push(descriptor, source);
  await manifests.put("v1", INDEX, { mediaType });
  return events.map(({ delay }) => delay);
}

Deno.test("T9 a 429 is waited for as long as it says, in seconds or until a date", async () => {
  const seconds = await delays("rate-limit-seconds");
  assertEquals(seconds, Array(seconds.length).fill(7_000));
  assert(seconds.length >= 4);
  const dates = await delays("rate-limit-date");
  assertEquals(dates.length, seconds.length);
  for (const delay of dates) assert(delay > 50_000 && delay <= 60_000);
});

for (const quirk of ["rate-limit-quota", "rate-limit-garbled", "throttled"]) {
  Deno.test(`T9 what names no time that can be read is waited for as the policy says (${quirk})`, async () => {
    const waits = await delays(quirk);
    assert(waits.length >= 4);
    // The pause is random from 0 on, and these tests draw 0.
    assertEquals(waits, Array(waits.length).fill(0));
  });
}

Deno.test("T9 a wait that is too long is told at once", async () => {
  await using registry = openQuirkRegistry(["rate-limit-day"]);
  using client = registry.client();
  const error = await assertRejects(
    () => client.repository(REPOSITORY).manifests.get("v1"),
    RateLimitError,
    "asks to wait 86400 s",
  );
  assertEquals(error.retryAfter, 86_400_000);
  assertEquals(registry.counter.take(), ["GET manifest 429"]);
});

async function resolves(repository: Repository): Promise<void> {
  const pushed = await repository.manifests.put("v1", INDEX, { mediaType });
  assertEquals(await repository.manifests.head("v1"), pushed);
  assertEquals(await repository.manifests.head(pushed.digest), pushed);
  assertEquals((await repository.manifests.get("v1")).descriptor, pushed);
}

for (const quirk of ["no-digest-header", "no-digest-on-head"]) {
  Deno.test(`T10 a digest that the registry does not tell is computed (${quirk})`, async () => {
    await using registry = openQuirkRegistry([quirk]);
    using client = registry.client();
    await resolves(client.repository(REPOSITORY));
    assertEquals(registry.counter.take(), [
      "PUT manifest 201",
      "HEAD manifest 200",
      "GET manifest 200",
      // Asked by digest, the answer tells all that is not known.
      "HEAD manifest 200",
      "GET manifest 200",
    ]);
  });
}

for (
  const [name, transport] of [
    ["denoTransport()", denoTransport],
    ["nodeTransport()", nodeTransport],
    ["fetchTransport()", () => {
      const client = Deno.createHttpClient({ http2: false });
      return Object.assign(fetchTransport({ client }), {
        close: () => client.close(),
      });
    }],
  ] as const
) {
  Deno.test(`T11 a manifest that comes compressed is hashed as it was before (${name})`, async () => {
    await using registry = openQuirkRegistry(["compressed-manifests"], {
      over: "http",
    });
    const base = transport();
    using client = registry.client({ transport: base });
    await resolves(client.repository(REPOSITORY));
    base.close?.();
  });
}

for (
  const [what, body, code] of [
    [
      "more than 4 MiB",
      gzipSync(new Uint8Array(5 * 1024 * 1024)),
      "BODY_TOO_LARGE",
    ],
    ["damage", gzipSync(INDEX).subarray(0, 20), "BODY_INVALID"],
  ] as const
) {
  Deno.test(`T11 a compressed manifest that holds ${what} is refused`, async () => {
    const headers = { "content-encoding": "gzip", "content-type": mediaType };
    const client = new RegistryClient("registry.example", {
      transport: fromHandler(() => new Response(body.slice(), { headers })),
    });
    const error = await assertRejects(
      () => client.repository(REPOSITORY).manifests.get("v1"),
      ProtocolError,
      "Cannot pull manifest v1",
    );
    assertEquals(error.code, code);
  });
}

Deno.test("T16 media types are compared without case and parameters", async () => {
  await using registry = openQuirkRegistry(["noisy-types"]);
  using client = registry.client();
  await resolves(client.repository(REPOSITORY));
});

const TAGS = ["a", "b", "c"];

for (
  const [quirk, requests] of [
    ["tags-joined", 1],
    ["tags-twice", 1],
    ["tags-half", 3],
    ["tags-ignored", 4],
  ] as const
) {
  for (const over of ["handler", "http"] as const) {
    Deno.test(`T18 all tags are set, with ${requests} requests (${quirk}, ${over})`, async () => {
      await using registry = openQuirkRegistry([quirk], { over });
      using client = registry.client();
      const { manifests, tags } = client.repository(REPOSITORY);
      const { digest } = await manifests.put(TAGS[0]!, INDEX, {
        mediaType,
        tags: TAGS.slice(1),
      });
      assertEquals(
        registry.counter.take(),
        Array(requests).fill("PUT manifest 201"),
      );
      assertEquals(await Array.fromAsync(tags.list()), TAGS);
      for (const tag of TAGS) {
        assertEquals((await manifests.head(tag)).digest, digest);
      }
    });
  }
}

Deno.test("T17 warnings that arrive in one header are told, each once", async () => {
  for (const over of ["handler", "http"] as const) {
    await using registry = openQuirkRegistry(["warnings"], { over });
    const told: string[] = [];
    using client = registry.client({
      onEvent: (event) => {
        if (event.type === "warning") told.push(event.text);
      },
    });
    await resolves(client.repository(REPOSITORY));
    assertEquals(told, ['this is "old", use v2', "pull less"]);
  }
});

for (
  const quirks of [
    ["throttled"],
    ["rate-limit-seconds"],
    ["throttled", "no-resume"],
  ]
) {
  Deno.test(`T9 a stream that can be read once goes up where each part may be refused (${quirks.join(", ")})`, async () => {
    await using registry = openQuirkRegistry(quirks);
    using client = registry.client();
    const { blobs } = client.repository(REPOSITORY);
    const { descriptor } = await textBlob("0123456789");
    const stream = new Blob(["0123456789"]).stream();
    const { digest } = await blobs.pushStream(stream, { chunkSize: 4 });
    assertEquals(digest, descriptor.digest);
    assert(await blobs.exists(descriptor));
  });
}
