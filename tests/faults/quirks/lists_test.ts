import { assertEquals, assertRejects } from "@std/assert";
import {
  ProtocolError,
  referrersTag,
  RegistryError,
} from "@gantry/oci/distribution";
import { encodeJson, imageIndex, MediaTypes } from "@gantry/oci/image";
import { openQuirkRegistry, QUIRKS } from "../../_support/quirk_registry.ts";
import { attachAndDetach, REPOSITORY } from "./_round_trip.ts";

const INDEX = encodeJson(imageIndex([]));
const mediaType = MediaTypes.index;

const absent = Object.keys(QUIRKS).filter((name) =>
  /^referrers-\d|referrers-html/.test(name)
);

for (const quirk of absent) {
  Deno.test(`T12 referrers are kept under a tag where the registry keeps none (${quirk})`, async () => {
    for (const over of ["handler", "http"] as const) {
      await using registry = openQuirkRegistry([quirk], { over });
      using client = registry.client();
      const repository = client.repository(REPOSITORY);
      const subject = await repository.manifests.put("v1", INDEX, {
        mediaType,
      });
      await attachAndDetach(repository, subject);
      assertEquals(
        await Array.fromAsync(
          repository.tags.list({ excludeDigestTags: true }),
        ),
        ["v1"],
      );
    }
  });
}

Deno.test("T12 a tag that resolves to its digest is no list of referrers", async () => {
  await using registry = openQuirkRegistry([
    "digest-tags-resolve",
    "referrers-404",
  ]);
  using client = registry.client();
  const repository = client.repository(REPOSITORY);
  const { manifests, referrers } = repository;
  const child = await manifests.put("child", INDEX, { mediaType });
  const subject = await manifests.put(
    "v1",
    encodeJson(imageIndex([child])),
    { mediaType },
  );
  // The quirk works: the tag gives the subject itself, whose child is no referrer.
  assertEquals(
    (await manifests.head(referrersTag(subject.digest))).digest,
    subject.digest,
  );
  assertEquals(await Array.fromAsync(referrers.list(subject)), []);
  await attachAndDetach(repository, subject);
});

Deno.test("T12 referrers are filtered where the registry does not", async () => {
  await using registry = openQuirkRegistry(["referrers-unfiltered"]);
  using client = registry.client();
  const repository = client.repository(REPOSITORY);
  const subject = await repository.manifests.put("v1", INDEX, { mediaType });
  await attachAndDetach(repository, subject);
});

const TAGS = Array.from({ length: 7 }, (_, n) => `v${n}`);

for (
  const [quirk, pages] of [
    ["page-limit", 3],
    ["page-token", 3],
    ["n-ignored", 1],
  ] as const
) {
  Deno.test(`T13 all tags are listed, whatever a page holds (${quirk})`, async () => {
    for (const over of ["handler", "http"] as const) {
      for (const pageSize of [undefined, 5]) {
        await using registry = openQuirkRegistry([quirk], { over });
        using client = registry.client();
        const { manifests, tags } = client.repository(REPOSITORY);
        const [tag, ...more] = TAGS;
        await manifests.put(tag!, INDEX, { mediaType, tags: more });
        registry.counter.take();
        assertEquals(await Array.fromAsync(tags.list({ pageSize })), TAGS);
        assertEquals(
          registry.counter.take(),
          Array(pages).fill("GET tags 200"),
        );
      }
    }
  });
}

Deno.test("T13 a page that is too large for the registry fails in its words", async () => {
  await using registry = openQuirkRegistry(["page-refused"]);
  using client = registry.client();
  const { manifests, tags } = client.repository(REPOSITORY);
  await manifests.put("v1", INDEX, { mediaType });
  await assertRejects(
    () => Array.fromAsync(tags.list({ pageSize: 1001 })),
    RegistryError,
    "Cannot list tags of team/app: registry answered 400 UNSUPPORTED",
  );
  // Who asks for no size is not refused.
  assertEquals(await Array.fromAsync(tags.list()), ["v1"]);
});

Deno.test("T13 tags that are null are none", async () => {
  await using registry = openQuirkRegistry(["tags-null"]);
  using client = registry.client();
  const { manifests, tags } = client.repository(REPOSITORY);
  const { digest } = await manifests.put("v1", INDEX, { mediaType });
  await tags.delete("v1");
  assertEquals(await Array.fromAsync(tags.list()), []);
  assertEquals((await manifests.head(digest)).digest, digest);
});

Deno.test("T13 a page for people is no list", async () => {
  await using registry = openQuirkRegistry(["html-lists"]);
  using client = registry.client();
  const error = await assertRejects(
    () => Array.fromAsync(client.repository(REPOSITORY).tags.list()),
    ProtocolError,
    "Cannot list tags of team/app",
  );
  assertEquals(error.code, "BODY_INVALID");
});
