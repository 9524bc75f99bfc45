import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
} from "@std/assert";
import { join } from "node:path";
import { Digest } from "@gantry/oci/digest";
import {
  artifactManifest,
  EMPTY_DESCRIPTOR,
  MediaTypes,
} from "@gantry/oci/image";
import {
  MANIFEST_MEDIA_TYPES,
  Reference,
  VERSION,
} from "@gantry/oci/distribution";
import { DockerConfig } from "@gantry/oci/distribution/node";
import { Registry } from "@gantry/oci/oras";
import { type RowCheck, runTable } from "../_support/readme_table.ts";
import {
  at,
  given,
  has,
  is,
  openScope,
  tagged,
  works,
} from "./_table_scope.ts";

const NOTES = "# Notes";
const NOTES_DIGEST = String(await Digest.fromString(NOTES));
const USER = { username: "me", password: "s3cret" };
const PUSHED = "manifest.value";

/** The value is a provider. */
const provider: RowCheck = (value) => assertInstanceOf(value, Registry);

/** The value tells of the layer `notes.txt`. */
const isNotes = given((value, { layer }) => {
  const { digest, size } = value as typeof layer;
  assertEquals({ digest, size }, { digest: layer.digest, size: layer.size });
});

/** A request of a method was sent, and of which header. */
function sent(method: string, header: string, expected: string): RowCheck {
  return given((_, { seen }) => {
    const values = seen.filter((request) => request.method === method)
      .map(({ headers }) => headers.get(header));
    assert(values.includes(expected), `${values}`);
  });
}

/** The value is a list of paths that were written, by their names. */
function pulled(...names: string[]): RowCheck {
  return given((value, { outdir }) => {
    assertEquals(value, names.map((name) => join(outdir, name)));
  });
}

const kept: RowCheck = given(async (_, { config }) => {
  const store = new DockerConfig(config);
  assertEquals(await store.get("registry.example"), USER);
});

const titles = (value: unknown) =>
  (value as Awaited<ReturnType<Registry["push"]>>).manifest.value.layers
    .map(({ annotations, mediaType }) => [
      annotations?.["org.opencontainers.image.title"],
      mediaType,
    ]);

const CHECKS: Readonly<Record<string, RowCheck>> = {
  "OrasClient(hostname), Registry(hostname)": (registry) => {
    assertInstanceOf(registry, Registry);
    const reference = String(registry.getContainer("a/b"));
    assertEquals(reference, "registry.example/a/b:latest");
  },
  "OrasClient(insecure=True)": (registry) => {
    assertInstanceOf(registry, Registry);
    const { origin } = registry.repository("a/b").client;
    assertEquals(origin.protocol, "http:");
  },
  "OrasClient(tls_verify=False)": provider,
  'OrasClient(tls_verify="ca.pem")': provider,
  'auth_backend="token"': works,
  'auth_backend="basic"': works,
  'auth_backend="ecr"': works,
  "a backend of one's own": works,
  "client.version()": is(VERSION),
  "client.set_header(name, value)": given(async (registry, { seen }) => {
    await works(registry);
    for (const { headers } of seen) assertEquals(headers.get("x-team"), "blue");
  }),
  "client.login(username, password)": given(async (value, { registry }) => {
    assertEquals(value, undefined);
    assertEquals(await registry.logout(), true);
  }),
  "client.login(…, hostname)": given(async (_, { registry }) => {
    assertEquals(await registry.logout(), true);
  }),
  "client.login(…, config_path), DockerClient().login(…)": kept,
  "client.logout(hostname)": given(async (value, { config }) => {
    assertEquals(value, true);
    assertEquals(await new DockerConfig(config).get("ghcr.io"), undefined);
  }),
  "client.push(target, files)": (value) =>
    assertEquals(titles(value), [
      ["notes.txt", "text/plain"],
      ["site", MediaTypes.layerGzip],
    ]),
  "push(…, manifest_config)": at(
    `${PUSHED}.config.mediaType`,
    "application/vnd.example.config",
  ),
  "push(…, annotation_file)": async (value) => {
    await at(`${PUSHED}.annotations.mood`, "good")(value);
    await at(`${PUSHED}.layers.0.annotations.legs`, "4")(value);
  },
  "push(…, manifest_annotations)": at(`${PUSHED}.annotations.mood`, "good"),
  "push(…, subject)": given(async (value, { image, registry }) => {
    await at(`${PUSHED}.subject.digest`, image.digest)(value);
    const { referrers } = await registry.discover("team/app:v1");
    assertEquals(referrers.length, 2);
  }),
  "push(…, disable_path_validation=True)": given((value, { root }) => {
    const [title] = titles(value)[0]!;
    assertEquals(title, join(root, "notes.txt"));
  }),
  "push(…, do_chunked=True, chunk_size=4)": sent(
    "PATCH",
    "content-range",
    "8-9",
  ),
  "client.pull(target)": pulled("notes.txt"),
  "pull(…, overwrite=False)": is(true),
  "pull(…, allowed_media_type)": pulled("notes.txt"),
  "pull(…, config_path), push(…, config_path)": provider,
  "client.get_manifest(container)": given((value, { image }) => {
    assertEquals((value as { descriptor: unknown }).descriptor, image);
  }),
  "get_manifest(…, allowed_media_type)": sent(
    "GET",
    "accept",
    MediaTypes.manifest,
  ),
  "get_manifest(…, validation_schema)": is([]),
  "client.upload_manifest(manifest, container)": tagged("stable", "v1", "v2"),
  "client.upload_blob(path, container, layer)": is({
    mediaType: "text/plain",
    digest: NOTES_DIGEST,
    size: NOTES.length,
  }),
  "client.put_upload(path, container, layer)": is("uploaded"),
  "client.chunked_upload(…, chunk_size)": sent("PATCH", "content-range", "0-3"),
  "client.blob_exists(layer, container)": is(true),
  "client.get_blob(container, digest)": is(NOTES),
  "get_blob(…, head=True)": isNotes,
  "client.download_blob(container, digest, outfile)": given(
    async (value, { path }) => {
      assertEquals(value, path);
      assertEquals(await Deno.readTextFile(path), NOTES);
    },
  ),
  "client.get_tags(container)": is(["stable", "v1"]),
  "get_tags(…, N=1)": is(["stable"]),
  "client.delete_tag(container, tag)": async (value) => {
    assertEquals(value, true);
    await tagged("stable")(value);
  },
  "client.delete_tags(name, tags)": async (value) => {
    assertEquals(value, ["v1"]);
    await tagged("stable")(value);
  },
  "client.get_container(name)": (value) => {
    assertInstanceOf(value, Reference);
    assertEquals(String(value), "registry.example/team/app:latest");
  },
  "@ensure_container": is(["stable", "v1"]),
  "client.do_request(url, method)": has({ status: 200 }),
  "_check_200_response, _parse_response_errors": at("0.code", "NAME_UNKNOWN"),
  "_validate_path, oras.utils.sanitize_path": given((value, { outdir }) => {
    assertEquals(value, join(outdir, "notes.txt"));
  }),
  "@retry(attempts=5, timeout=2)": provider,
  "oras.oci.NewManifest()": given((value, { layer }) => {
    const artifactType = "application/vnd.example";
    const layers = [layer];
    assertEquals(value, artifactManifest({ artifactType, layers }));
  }),
  "oras.oci.NewLayer(path, media_type)": has({
    descriptor: {
      mediaType: "text/plain",
      digest: NOTES_DIGEST,
      size: NOTES.length,
    },
  }),
  "NewLayer(path, is_dir=True), make_targz(path)": (value) => {
    assertInstanceOf(value, Uint8Array);
    assertEquals([...value.slice(0, 2)], [0x1f, 0x8b]);
  },
  "oras.oci.ManifestConfig()": is(EMPTY_DESCRIPTOR),
  "oras.oci.ManifestConfig(path, media_type)": at(
    "descriptor.mediaType",
    "application/vnd.unknown.config.v1+json",
  ),
  "oras.oci.Annotations(filename), .add(section, key, value)": at(
    `${PUSHED}.annotations.mood`,
    "good",
  ),
  "oras.oci.Subject(mediaType, digest, size)": given((value, { image }) => {
    assertEquals(value, image);
  }),
  "Subject.from_manifest(manifest)": given((value, { image }) => {
    assertEquals(value, image);
  }),
  "Container(name), .registry, .tag, .digest": has({
    registry: "ghcr.io",
    tag: "v1",
    digest: undefined,
  }),
  ".namespace, .repository": is("team/app"),
  ".uri": is("ghcr.io/team/app:v1"),
  ".get_blob_url(digest), .manifest_url(), .tags_url(), .upload_blob_url()":
    has({ status: 200 }),
  "oras.layout.Layout(path), .validate()": at(
    "0.mediaType",
    MediaTypes.manifest,
  ),
  "oras.layout.NewLayout(path)": given(async (value, { outdir }) => {
    await at("tags", ["v1"])(value);
    assert((await Deno.stat(join(outdir, "oci-layout"))).isFile);
  }),
  "layout.is_oci_layout(path)": is(true),
  "layout.get_ordered_blobs(tag)": given((_, { digests, image, layer }) => {
    assertEquals(digests.length, 3);
    assert(digests.includes(layer.digest));
    assertEquals(digests.at(-1), image.digest);
  }),
  "layout.push_to_registry(provider, target, tag)": tagged(
    "stable",
    "v1",
    "v2",
  ),
  "AuthenticationException": is(true),
  "oras.auth.utils.load_configs(configs)": is({
    username: "you",
    password: "pw",
  }),
  "oras.auth.utils.parse_auth_header(header)": at("0.scheme", "bearer"),
  "TokenAuth.request_token, request_anonymous_token": is(undefined),
  "EcrAuth": async (value) => {
    const { get } = value as { get(name: string): Promise<unknown> };
    assertEquals(await get("ghcr.io"), undefined);
  },
  "ORAS_USER, ORAS_PASS": is(USER),
  "oras.utils.find_docker_config()": is(
    join("/home/me", ".docker", "config.json"),
  ),
  "iter_localhosts(name)": is(undefined),
  "oras.schemas.manifest, .index, .layer": is([true, true, true]),
  "oras.utils.workdir(root)": (value) =>
    assertEquals(titles(value)[0]![0], "index.html"),
  "oras.utils.extract_targz(path, outdir)": given(async (_, { outdir }) => {
    const path = join(outdir, "index.html");
    assertEquals(await Deno.readTextFile(path), "<p>Hello");
  }),
  "split_path_and_content, _parse_manifest_ref": (value) =>
    assertEquals(titles(value), [
      ["a:b.txt", MediaTypes.layer],
      ["notes.txt", "text/plain"],
    ]),
  "get_file_hash(path)": is(NOTES_DIGEST),
  "get_size(path), read_in_chunks(file)": is(NOTES.length),
  "read_file, write_file, mkdir_p, copyfile, …": is(NOTES),
  "setup_logger(debug=True)": given((_, { events }) => {
    const shown = JSON.stringify(events);
    assertMatch(shown, /tags\/list/);
    assert(!shown.includes(btoa("me:s3cret")));
  }),
  "oras.defaults.annotation_title": is("org.opencontainers.image.title"),
  "default_blob_media_type, default_blob_dir_media_type": is([
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
  ]),
  "default_manifest_accepted_media_types": is(MANIFEST_MEDIA_TYPES),
};

Deno.test("the README's table for those who come from oras-py holds", async (t) => {
  const heading = "## Coming from oras-py";
  await runTable(t, { page: "oras/README.md", heading }, CHECKS, openScope);
});
