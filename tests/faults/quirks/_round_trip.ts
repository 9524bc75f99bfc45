import { assert, assertEquals, assertRejects } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  NotFoundError,
  type PushBlobOptions,
  type RegistryClient,
  type Repository,
  type Source,
  toSource,
} from "@gantry/oci/distribution";
import {
  artifactManifest,
  type Descriptor,
  encodeJson,
  MediaTypes,
} from "@gantry/oci/image";
import { pattern, testSource } from "../../_support/transports.ts";

/** The repository that all of these tests use. */
export const REPOSITORY = "team/app";

/** More than registries with a limit take at once, and more than one part. */
const BIG = 5 * 1024 * 1024 + 3;
const BIG_DIGEST = String(await Digest.fromBytes(pattern(0, BIG)));

/** A content and what it is called. */
export interface Content {
  /** What it is called. */
  readonly descriptor: Descriptor;
  /** The content. */
  readonly source: Source;
}

/** A text as a blob. */
export async function textBlob(
  text: string,
  mediaType = "text/plain",
): Promise<Content> {
  return {
    descriptor: {
      mediaType,
      digest: String(await Digest.fromString(text)),
      size: new TextEncoder().encode(text).byteLength,
    },
    source: toSource(text),
  };
}

/** A blob that is larger than any registry here takes at once. */
export function bigBlob(): Content {
  return {
    descriptor: {
      mediaType: "application/octet-stream",
      digest: BIG_DIGEST,
      size: BIG,
    },
    source: testSource(BIG),
  };
}

/** What is pushed. */
export interface RoundTripOptions {
  /** How blobs are pushed. */
  readonly push?: PushBlobOptions;
  /** The config's media type. */
  readonly configType?: string;
  /**
   * Whether the tags can be listed.
   *
   * @default {true}
   */
  readonly lists?: boolean;
  /**
   * Whether something can be attached.
   *
   * @default {true}
   */
  readonly attaches?: boolean;
  /**
   * Whether one layer is larger than registries take at once.
   *
   * @default {true}
   */
  readonly big?: boolean;
}

/**
 * Pushes an artifact with a config and two layers, tags and lists it, resolves
 * and pulls it, attaches a note to it, lists that, and deletes all again.
 */
export async function roundTrip(
  client: RegistryClient,
  options: RoundTripOptions = {},
): Promise<void> {
  const repository = client.repository(REPOSITORY);
  const { blobs, manifests, tags } = repository;
  const {
    attaches = true,
    big = true,
    configType = MediaTypes.config,
    lists = true,
  } = options;
  const contents = [
    await textBlob("{}", configType),
    await textBlob("a small layer"),
    big ? bigBlob() : await textBlob("another small layer"),
  ] as const;
  for (const { descriptor, source } of contents) {
    assertEquals(
      await blobs.push(descriptor, source, options.push),
      "uploaded",
    );
    assert(await blobs.exists(descriptor));
  }
  const [config, ...layers] = contents.map(({ descriptor }) => descriptor);
  const bytes = encodeJson({
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    config: config!,
    layers,
  });
  const pushed = await manifests.put("v1", bytes, {
    mediaType: MediaTypes.manifest,
    tags: ["v2", "v3"],
  });
  if (lists) {
    assertEquals(await Array.fromAsync(tags.list()), ["v1", "v2", "v3"]);
  }
  assertEquals(await manifests.head("v2"), pushed);
  const pulled = await manifests.get("v3");
  assertEquals(pulled.descriptor, pushed);
  assertEquals(pulled.bytes, bytes);
  for (const { descriptor } of contents) {
    await assertHolds(repository, descriptor);
  }
  if (attaches) await attachAndDetach(repository, pushed);
  await manifests.delete(pushed.digest);
  await assertRejects(() => manifests.head("v1"), NotFoundError);
  await assertRejects(() => manifests.get(pushed.digest), NotFoundError);
  for (const tag of await Array.fromAsync(lists ? tags.list() : [])) {
    assert(tag.startsWith("sha256-"), tag);
  }
}

/** Attaches a note, finds it by its type and not by another, and takes it away. */
export async function attachAndDetach(
  { manifests, referrers }: Repository,
  subject: Descriptor,
): Promise<void> {
  const note = async (artifactType: string): Promise<Descriptor> => {
    const annotations = { "org.example.about": artifactType };
    const bytes = encodeJson(
      artifactManifest({ artifactType, subject, annotations }),
    );
    const digest = String(await Digest.fromBytes(bytes));
    const mediaType = MediaTypes.manifest;
    await manifests.put(digest, bytes, { mediaType });
    return {
      mediaType,
      digest,
      size: bytes.byteLength,
      annotations,
      artifactType,
    };
  };
  const one = await note("application/vnd.example.one");
  const two = await note("application/vnd.example.two");
  const found = await Array.fromAsync(referrers.list(subject));
  assertEquals(
    found.map(({ digest }) => digest).sort(),
    [
      one.digest,
      two.digest,
    ].sort(),
  );
  const { artifactType } = one;
  assertEquals(
    await Array.fromAsync(referrers.list(subject, { artifactType })),
    [one],
  );
  for (const { digest } of [one, two]) await manifests.delete(digest);
  assertEquals(await Array.fromAsync(referrers.list(subject)), []);
}

/** Demands that a blob comes back as it is, whole and from the middle. */
export async function assertHolds(
  { blobs }: Repository,
  descriptor: Descriptor,
): Promise<void> {
  const { size } = descriptor;
  // What is read to the end was verified.
  assertEquals(await sizeOf(await blobs.get(descriptor)), size);
  const offset = size >> 1;
  assertEquals(
    await sizeOf(await blobs.get(descriptor, { offset })),
    size - offset,
  );
}

async function sizeOf(stream: ReadableStream<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.byteLength;
  return size;
}
