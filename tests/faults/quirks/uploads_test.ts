import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  NotFoundError,
  RegistryError,
  SecurityError,
  UnsupportedError,
} from "@gantry/oci/distribution";
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
import { toSource } from "@gantry/oci/distribution";
import { openQuirkRegistry } from "../../_support/quirk_registry.ts";
import { assertHolds, bigBlob, REPOSITORY, textBlob } from "./_round_trip.ts";

const MIB = 1024 * 1024;

Deno.test("T1 a blob in object storage arrives without the credential going there", async () => {
  for (const over of ["handler", "http"] as const) {
    await using registry = openQuirkRegistry(["basic", "redirect-blobs"], {
      over,
    });
    using client = registry.client({ headers: { "x-api-key": "k3y" } });
    const repository = client.repository(REPOSITORY);
    const { descriptor, source } = await textBlob("0123456789");
    await repository.blobs.push(descriptor, source);
    await assertHolds(repository, descriptor);
    assertEquals(registry.complaints, []);
  }
});

Deno.test("T2 an upload that is sent elsewhere is sent whole, from its first byte", async () => {
  for (const over of ["handler", "http"] as const) {
    await using registry = openQuirkRegistry(["basic", "redirect-uploads"], {
      over,
    });
    using client = registry.client();
    const repository = client.repository(REPOSITORY);
    for (const chunkSize of [undefined, 2 * MIB]) {
      const { descriptor, source } = bigBlob();
      await repository.blobs.push(descriptor, source, { chunkSize });
      await assertHolds(repository, descriptor);
      await repository.blobs.delete(descriptor.digest);
    }
    assertEquals(registry.complaints, []);
  }
});

Deno.test("T3 every request that may have a body tells its length", async () => {
  await using registry = openQuirkRegistry(["length-required"], {
    over: "http",
  });
  using client = registry.client();
  const repository = client.repository(REPOSITORY);
  for (const chunkSize of [undefined, MIB]) {
    const { descriptor, source } = bigBlob();
    await repository.blobs.push(descriptor, source, { chunkSize });
    await repository.blobs.delete(descriptor.digest);
  }
  const { descriptor, source } = bigBlob();
  await repository.blobs.push(descriptor, source, { singlePost: true });
  const written = registry.counter.seen
    .filter(({ method }) => /^(POST|PUT|PATCH)$/.test(method));
  assert(written.length >= 10);
  for (const { method, path, size, status } of written) {
    assert(size !== undefined && status < 300, `${method} ${path} ${status}`);
  }
});

Deno.test("T4 a blob goes up with one PUT where nothing else is asked for", async () => {
  await using registry = openQuirkRegistry(["no-chunks", "no-range-on-put"]);
  using client = registry.client();
  const { descriptor, source } = bigBlob();
  await client.repository(REPOSITORY).blobs.push(descriptor, source);
  assertEquals(registry.counter.take(), [
    "HEAD blob 404",
    "POST uploads 202",
    "PUT upload 201",
  ]);
});

Deno.test("T4 parts that the caller wants are refused in the registry's words", async () => {
  await using registry = openQuirkRegistry(["no-chunks"]);
  using client = registry.client();
  const { descriptor, source } = bigBlob();
  await assertRejects(
    () =>
      client.repository(REPOSITORY).blobs.push(descriptor, source, {
        chunkSize: MIB,
      }),
    UnsupportedError,
    "Cannot push blob",
  );
});

Deno.test("T4 a part that is answered with 201 is taken for done", async () => {
  await using registry = openQuirkRegistry(["patch-created"]);
  using client = registry.client();
  const repository = client.repository(REPOSITORY);
  const { descriptor, source } = bigBlob();
  await repository.blobs.push(descriptor, source, { chunkSize: 2 * MIB });
  await assertHolds(repository, descriptor);
  assertEquals(
    registry.counter.take().filter((one) => one === "PATCH upload 201").length,
    3,
  );
});

Deno.test("T4 a registry that forgets parts is not believed", async () => {
  await using registry = openQuirkRegistry(["patch-forgotten"]);
  using client = registry.client();
  const { blobs } = client.repository(REPOSITORY);
  const { descriptor, source } = bigBlob();
  await assertRejects(
    () => blobs.push(descriptor, source, { chunkSize: 2 * MIB }),
    RegistryError,
    "registry answered 400",
  );
  assertEquals(await blobs.exists(descriptor), false);
});

for (const quirk of ["large-body-refused", "large-body-cut"]) {
  for (const over of ["handler", "http"] as const) {
    Deno.test(`T4 a body that is too large goes up in parts (${quirk}, ${over})`, async () => {
      await using registry = openQuirkRegistry([quirk, "no-resume"], { over });
      using client = registry.client();
      const repository = client.repository(REPOSITORY);
      const { descriptor, source } = bigBlob();
      await repository.blobs.push(descriptor, source);
      await assertHolds(repository, descriptor);
      const parts = registry.counter.seen
        .filter(({ method, status }) => method === "PATCH" && status === 202);
      assertEquals(parts.length, 2);
      assert(parts.every(({ size }) => size! <= 4 * MIB));
    });
  }
}

Deno.test("T4 a part that was cut off is gone on with where it broke", async () => {
  for (const over of ["handler", "http"] as const) {
    await using registry = openQuirkRegistry(["patch-cut-once"], { over });
    using client = registry.client();
    const repository = client.repository(REPOSITORY);
    const { descriptor, source } = bigBlob();
    await repository.blobs.push(descriptor, source, { chunkSize: 4 * MIB });
    await assertHolds(repository, descriptor);
    assertEquals(registry.counter.take().slice(0, 6), [
      "HEAD blob 404",
      "POST uploads 202",
      "PATCH upload 0",
      "GET upload 204",
      "PATCH upload 202",
      "PATCH upload 202",
    ]);
  }
});

Deno.test("T4 parts have at least the size that the registry wants", async () => {
  await using registry = openQuirkRegistry(["min-chunk"]);
  using client = registry.client();
  const repository = client.repository(REPOSITORY);
  const { descriptor, source } = bigBlob();
  await repository.blobs.push(descriptor, source, { chunkSize: 1000 });
  await assertHolds(repository, descriptor);
  assertEquals(registry.complaints, []);
});

Deno.test("T5 the newest location is used, with its parameters as they were written", async () => {
  for (const over of ["handler", "http"] as const) {
    await using registry = openQuirkRegistry(["state-in-location"], { over });
    using client = registry.client();
    const repository = client.repository(REPOSITORY);
    for (const chunkSize of [undefined, 2 * MIB]) {
      const { descriptor, source } = bigBlob();
      await repository.blobs.push(descriptor, source, { chunkSize });
      await assertHolds(repository, descriptor);
      await repository.blobs.delete(descriptor.digest);
    }
    assertEquals(registry.complaints, []);
  }
});

Deno.test("T5 a location without the port that is the default keeps the credential", async () => {
  await using registry = openQuirkRegistry(["basic", "absolute-locations"]);
  const { RegistryClient } = await import("@gantry/oci/distribution");
  using client = new RegistryClient("registry.example:443", registry.options());
  const { descriptor, source } = await textBlob("text");
  const { blobs } = client.repository(REPOSITORY);
  assertEquals(await blobs.push(descriptor, source), "uploaded");
});

Deno.test("T5 an upload on another host sees no credential", async () => {
  for (const over of ["handler", "http"] as const) {
    await using registry = openQuirkRegistry(["basic", "foreign-uploads"], {
      over,
    });
    using client = registry.client();
    const repository = client.repository(REPOSITORY);
    for (const chunkSize of [undefined, 2 * MIB]) {
      const { descriptor, source } = bigBlob();
      await repository.blobs.push(descriptor, source, { chunkSize });
      await assertHolds(repository, descriptor);
      await repository.blobs.delete(descriptor.digest);
    }
    assertEquals(registry.complaints, []);
  }
});

Deno.test("T14 a blob of no bytes is refused in the registry's words, and {} is taken", async () => {
  await using registry = openQuirkRegistry(["no-empty-blobs"]);
  using client = registry.client();
  const { blobs } = client.repository(REPOSITORY);
  const { descriptor, source } = await textBlob("");
  await assertRejects(
    () => blobs.push(descriptor, source),
    RegistryError,
    "registry answered 400 BLOB_UPLOAD_INVALID",
  );
  await blobs.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
  assert(await blobs.exists(EMPTY_DESCRIPTOR));
});

Deno.test("T15 a location that gives up TLS is refused, and the reason is told", async () => {
  await using registry = openQuirkRegistry(["basic", "http-locations"]);
  using client = registry.client();
  const { descriptor, source } = await textBlob("text");
  const error = await assertRejects(
    () => client.repository(REPOSITORY).blobs.push(descriptor, source),
    SecurityError,
    "gives up TLS",
  );
  assertEquals(error.code, "LOCATION_DOWNGRADE");
  assert(error.hint?.includes("X-Forwarded-Proto"));
});

Deno.test("a repository that must be made before is named in the failure", async () => {
  await using registry = openQuirkRegistry(["repository-must-exist"]);
  using client = registry.client();
  const { descriptor, source } = await textBlob("text");
  const error = await assertRejects(
    () => client.repository("team/other").blobs.push(descriptor, source),
    NotFoundError,
    "to team/other: registry answered 404 NAME_UNKNOWN",
  );
  assertEquals(error.code, "NAME_UNKNOWN");
});
