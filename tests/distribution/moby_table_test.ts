import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Digest, verifyStream } from "@gantry/oci/digest";
import {
  appendLayer,
  type Descriptor,
  encodeJson,
  imageConfig,
  isManifest,
  type Manifest,
  MediaTypes,
  parseImageConfig,
  parseManifest,
  signSchema1,
  verifySchema1,
} from "@gantry/oci/image";
import {
  authorize,
  defaultTransport,
  detectEndpoint,
  fixedCredentials,
  fromHandler,
  NotFoundError,
  parseChallenges,
  Reference,
  RegistryClient,
  Repository,
  toSource,
  UploadSession,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { compress } from "@gantry/oci/image/layer";
import { copy, DockerArchive, packDockerArchive } from "@gantry/oci/oras";
import { fileSource } from "@gantry/oci/oras/node";
import { join } from "node:path";
import { type RowCheck, runTable } from "../_support/readme_table.ts";

const CONTENT = "just a demo";
/** An empty tar. */
const TAR = new Uint8Array(1024);
const DIFF_ID = String(await Digest.fromBytes(TAR));
const LAYER = await new Response(
  await compress(new Blob([TAR]).stream(), "gzip"),
).bytes() as Uint8Array<ArrayBuffer>;
const CONFIG = appendLayer(imageConfig(), { diffId: DIFF_ID });

async function describe(
  content: string | Uint8Array<ArrayBuffer>,
  mediaType: string = MediaTypes.octetStream,
): Promise<Descriptor> {
  const data = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  const digest = String(await Digest.fromBytes(data));
  return { mediaType, digest, size: data.byteLength };
}

const LAYER_DESCRIPTOR = await describe(LAYER, MediaTypes.dockerLayerGzip);
const MANIFEST: Manifest = {
  schemaVersion: 2,
  mediaType: MediaTypes.dockerManifest,
  config: await describe(encodeJson(CONFIG), MediaTypes.dockerConfig),
  layers: [LAYER_DESCRIPTOR],
};
const IMAGE = await describe(encodeJson(MANIFEST), MediaTypes.dockerManifest);
const SCHEMA1 = {
  schemaVersion: 1 as const,
  name: "team/app",
  tag: "old",
  architecture: "amd64",
  fsLayers: [{ blobSum: LAYER_DESCRIPTOR.digest }],
  history: [{ v1Compatibility: '{"id":"a"}' }],
};
const SIGNED = await signSchema1(SCHEMA1);

/** A registry with an image of two tags, a schema 1 manifest, and a blob elsewhere. */
async function openScope() {
  const folder = await Deno.makeTempDir();
  const transport = fromHandler(createRegistry({ schema1: "accept" }).fetch);
  const client = new RegistryClient("registry.example", { transport });
  const repository = client.repository("team/app");
  const { blobs, manifests, tags, uploads } = repository;
  await blobs.push(LAYER_DESCRIPTOR, toSource(LAYER));
  await blobs.push(MANIFEST.config, toSource(encodeJson(CONFIG)));
  const mediaType = MediaTypes.dockerManifest;
  await manifests.put("latest", encodeJson(MANIFEST), {
    mediaType,
    tags: ["stable"],
  });
  await manifests.put("old", SIGNED.bytes, {
    mediaType: MediaTypes.dockerSchema1Signed,
  });
  const descriptor = await describe(CONTENT);
  const base = client.repository("team/base");
  await base.blobs.push(descriptor, toSource(CONTENT));
  const packed = packDockerArchive(
    repository,
    [{ descriptor: IMAGE, names: ["team/app:latest"] }],
    { format: "docker" },
  );
  const archive = toSource(await new Response(packed).blob());
  const file = join(folder, "file");
  await Deno.writeTextFile(file, CONTENT);
  const { privateKey: key } = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  );
  const names = {
    ...{ Reference, RegistryClient, NotFoundError, MediaTypes },
    ...{ appendLayer, encodeJson, parseImageConfig, parseManifest },
    ...{ signSchema1, verifySchema1, verifyStream, copy, fileSource },
    ...{
      authorize,
      detectEndpoint,
      defaultTransport,
      fixedCredentials,
      parseChallenges,
    },
    ...{ blobs, client, manifests, repository, tags, transport, uploads },
    ...{ archive, descriptor, file, key, DockerArchive, packDockerArchive },
    username: "me",
    password: "pw",
    header: 'Bearer realm="https://auth.example/token",service="s"',
    path: join(folder, "download"),
    stream: new Blob([CONTENT]).stream(),
    source: toSource(CONTENT),
    layer: LAYER_DESCRIPTOR,
    image: IMAGE,
    manifest: MANIFEST,
    schema1: SCHEMA1,
    signed: SIGNED.bytes,
    config: CONFIG,
    diffId: DIFF_ID,
  };
  last = { repository, path: names.path };
  return {
    names,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** What the row was run with. */
let last: { readonly repository: Repository; readonly path: string };

function is(expected: unknown): RowCheck {
  return (value) => assertEquals(value, expected);
}

/** The result has these members. */
function has(expected: Record<string, unknown>): RowCheck {
  return (value) => {
    for (const [name, expectation] of Object.entries(expected)) {
      const member = (value as Record<string, unknown>)[name];
      assertEquals(member, expectation, name);
    }
  };
}

/** The repository's tags are these afterwards. */
function tagged(...tags: string[]): RowCheck {
  return async () => {
    assertEquals(await Array.fromAsync(last.repository.listTags()), tags);
  };
}

/** The repository holds a blob afterwards, or not. */
function holds(digest: string, expected = true): RowCheck {
  return async () => {
    const { blobs } = last.repository;
    assertEquals(await blobs.exists({ digest }), expected);
  };
}

/** Another repository holds the image afterwards. */
const copied: RowCheck = async () => {
  const target = last.repository.client.repository("team/copy");
  assertEquals(await target.resolve("v2"), IMAGE);
  assert(await target.blobs.exists(LAYER_DESCRIPTOR));
};

const DEMO = (await describe(CONTENT)).digest;

const CHECKS: Readonly<Record<string, RowCheck>> = {
  "DockerRegistryV2Client(url, username, password)": (client) =>
    assertInstanceOf(client, RegistryClient),
  "from_api_endpoint(endpoint)": (client) => {
    assertInstanceOf(client, RegistryClient);
    assertEquals(client.registry, "registry.example");
  },
  "APIEndpoint.is_secure_repository()": is("verified"),
  "default_client": (client) => {
    assertInstanceOf(client, RegistryClient);
    assertEquals(client.registry, "docker.io");
    assertEquals(client.origin.host, "registry-1.docker.io");
  },
  "set_default_client(client)": (value) => assertInstanceOf(value, Repository),
  "verify_certificate=False": (transport) =>
    assertEquals(typeof transport, "function"),
  "default_timeout=600": (client) => assertInstanceOf(client, RegistryClient),
  "client.ping()": is(undefined),
  'client.get(url="/v2/")': has({ status: 200 }),
  "ManifestRef.get()": has({ descriptor: IMAGE, bytes: encodeJson(MANIFEST) }),
  "ManifestRef.get(ManifestSchema2.content_type())": has({ value: MANIFEST }),
  "ManifestRef.get(ManifestSchema1.content_type())": has({
    bytes: SIGNED.bytes,
    descriptor: SIGNED.descriptor,
  }),
  "ManifestRef.get_metadata()": is(IMAGE),
  "ManifestRef.delete()": tagged("old"),
  "ManifestRef.delete(raise_not_found=False)": is(true),
  "ManifestRef.put(manifest)": tagged("latest", "old", "stable", "v2"),
  "ManifestRef.put(schema1)": tagged("latest", "old", "stable", "v2"),
  "Tags.list()": is(["latest", "old", "stable"]),
  "Tags.get(tag)": is(IMAGE),
  "Tags.untag(tag), with all tags of the manifest": tagged("old"),
  "Tags.untag(tag), only this tag": tagged("old", "stable"),
  "Blob.stat()": has({
    digest: LAYER_DESCRIPTOR.digest,
    size: LAYER.byteLength,
  }),
  "Blob(fileobj).download()": is(LAYER),
  "Blob(local_path).download()": async () => {
    assertEquals(await Deno.readFile(last.path), LAYER);
  },
  "Blob(fileobj).upload()": holds(DEMO),
  "Blob(local_path).upload()": holds(DEMO),
  "Blob.upload_at_one_time()": holds(DEMO),
  'Blob.mount_from("team/base")': is("mounted"),
  "Blob.delete()": holds(LAYER_DESCRIPTOR.digest, false),
  "ImageRef.from_image(a, b), to another tag": tagged(
    "latest",
    "old",
    "stable",
    "v2",
  ),
  "ImageRef.from_image(a, b), to another repository": copied,
  "ImageRef.push_v2(max_worker=5)": copied,
  "ImageRef.save(dest)": async (stream) => {
    assert(stream instanceof ReadableStream);
    const source = toSource(await new Response(stream).blob());
    const archive = await DockerArchive.open(source);
    const tags = await Array.fromAsync(archive.listTags());
    assertEquals(tags, ["team/app:latest"]);
  },
  "ImageRef.from_tarball(workplace, src)": async () => {
    const { blobs, manifests } = last.repository.client.repository("team/copy");
    const { value } = await manifests.get("v2");
    assert(isManifest(value));
    const config = await blobs.get(value.config);
    assertEquals(await new Response(config).json(), CONFIG);
    assertEquals(value.layers.length, 1);
  },
  "ImageRef.add_layer(layer)": has({
    rootfs: { type: "layers", diff_ids: [DIFF_ID, DIFF_ID] },
    history: [{}, { comment: "one more layer" }],
  }),
  "ImageRef.image_json": is(CONFIG),
  "ManifestSchema2.parse_raw(text)": is(MANIFEST),
  "ManifestSchema1.parse_raw(text), verified": has({
    descriptor: SIGNED.descriptor,
  }),
  "MOBY_DISTRIBUTION_PRIVATE_KEY": has({
    descriptor: { ...SIGNED.descriptor },
  }),
  'parse_image("python")': (reference) => {
    assertEquals(String(reference), "docker.io/library/python");
  },
  "DockerRegistryTokenAuthentication(header)": (challenges) => {
    assert(Array.isArray(challenges));
    assertEquals(challenges[0].parameters.get("service"), "s");
  },
  "UniversalAuthentication": (transport) =>
    assertEquals(typeof transport, "function"),
  "BlobWriter": (upload) => {
    assertInstanceOf(upload, UploadSession);
    assertEquals(upload.offset, 0);
  },
  "HashSignWrapper": async (stream) => {
    assert(stream instanceof ReadableStream);
    assertEquals(await new Response(stream).text(), CONTENT);
  },
};

Deno.test("the README's table for those who come from moby-distribution holds", async (t) => {
  await runTable(
    t,
    {
      page: "distribution/README.md",
      heading: "## Coming from moby-distribution",
    },
    CHECKS,
    openScope,
  );
});
