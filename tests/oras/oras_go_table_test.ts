import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { join } from "node:path";
import { Digest, DigestMismatchError } from "@gantry/oci/digest";
import { EMPTY_DESCRIPTOR, type Manifest, MediaTypes } from "@gantry/oci/image";
import {
  InvalidReferenceError,
  RegistryClient,
  Repository,
} from "@gantry/oci/distribution";
import { DockerConfig } from "@gantry/oci/distribution/node";
import { MemoryStore } from "@gantry/oci/oras";
import {
  FileStore,
  LayoutStore,
  type OpenArchive,
} from "@gantry/oci/oras/node";
import { type RowCheck, runTable } from "../_support/readme_table.ts";
import { at, given, has, is, openScope, tagged } from "./_table_scope.ts";

const NOTES = "# Notes";
const DEMO = String(await Digest.fromString("just a demo"));
const USER = { username: "me", password: "s3cret" };

/** The repository `team/other` has the artifact under this tag afterwards. */
function copied(tag: string): RowCheck {
  return given(async (_, { image, other }) => {
    const { digest } = await other.resolve(tag);
    assertEquals(digest, image.digest);
  });
}

/** So many pieces of content were told of, by `leave`. */
function told(count: number): RowCheck {
  return given((_, { digests }) => assertEquals(digests.length, count));
}

/** The value is a list of the note's descriptor alone. */
const isNote: RowCheck = (value) => {
  assertEquals((value as unknown[]).length, 1);
  return at("0.artifactType", "application/vnd.example.note")(value);
};

/** The value is a client that reaches the registry. */
const reaches: RowCheck = async (client) => {
  assertInstanceOf(client, RegistryClient);
  await client.ping();
};

/** Memory has a manifest under `v2`. */
function packed(check: (manifest: Manifest) => void): RowCheck {
  return given(async (_, { memory }) => {
    const { bytes } = await memory.fetchManifest("v2");
    check(JSON.parse(new TextDecoder().decode(bytes)));
  });
}

const CHECKS: Readonly<Record<string, RowCheck>> = {
  "oras.Copy(ctx, src, srcRef, dst, dstRef, opts)": tagged(
    "stable",
    "v1",
    "v2",
  ),
  "oras.CopyGraph(ctx, src, dst, root, opts)": given(
    async (_, { image, other }) => assert(await other.exists(image)),
  ),
  "oras.ExtendedCopy": given(async (_, { image, other }) => {
    await isNote(await Array.fromAsync(other.listReferrers(image)));
    assertEquals((await other.resolve("v1")).digest, image.digest);
  }),
  "oras.ExtendedCopyGraph": given(async (_, { image, other }) => {
    await isNote(await Array.fromAsync(other.listReferrers(image)));
  }),
  "ExtendedCopyGraphOptions.FilterArtifactType, FilterAnnotation": given(
    async (_, { image, other }) => {
      await isNote(await Array.fromAsync(other.listReferrers(image)));
    },
  ),
  "CopyOptions.Concurrency": copied("v1"),
  "CopyOptions.PreCopy, oras.SkipNode": has({ copied: 0 }),
  "CopyOptions.PostCopy": told(3),
  "CopyOptions.OnCopySkipped": told(1),
  "CopyOptions.MountFrom, OnMounted": given(async (value, { digests }) => {
    await has({ mounted: 2 })(value);
    assertEquals(digests.length, 2);
  }),
  "CopyOptions.FindSuccessors": given(async (_, { layer, other }) => {
    assert(await other.exists(layer));
    assertEquals(await other.exists(EMPTY_DESCRIPTOR), false);
  }),
  "CopyOptions.MapRoot, WithTargetPlatform(platform)": given(
    async (_, { other }) => {
      const { mediaType } = await other.resolve("v1");
      assertEquals(mediaType, MediaTypes.manifest);
    },
  ),
  "CopyError": is("source"),
  "oras.PackManifest(ctx, store, PackManifestVersion1_1, …), Pack": packed(
    ({ annotations, artifactType }) => {
      assertEquals(artifactType, "application/vnd.example");
      assertEquals(annotations?.mood, "good");
    },
  ),
  "PackManifestVersion1_0": packed(({ artifactType, config }) => {
    assertEquals(config.mediaType, "application/vnd.example");
    assertEquals(artifactType, undefined);
  }),
  "PackManifestOptions{Layers, ConfigDescriptor, Subject}": given(
    async (value, { image, layer }) => {
      await has({
        layers: [layer],
        config: EMPTY_DESCRIPTOR,
        subject: image,
      })(value);
    },
  ),
  "oras.Tag(ctx, target, src, dst)": tagged("stable", "v1", "v2"),
  "oras.TagN(ctx, target, src, tags, opts)": tagged(
    ...["stable", "v1", "v2", "v3"],
  ),
  "oras.Resolve(ctx, target, ref, opts)": given(async (value, { image }) => {
    await has({ digest: image.digest, size: image.size })(value);
  }),
  "ResolveOptions.TargetPlatform": has({ mediaType: MediaTypes.manifest }),
  "oras.Fetch(ctx, target, ref, opts)": given(async (value, { image }) => {
    assertInstanceOf(value, ReadableStream);
    const stream = value as ReadableStream<Uint8Array>;
    const bytes = await new Response(stream).bytes();
    assertEquals(String(await Digest.fromBytes(bytes)), image.digest);
  }),
  "oras.FetchBytes(ctx, target, ref, opts)": given(async (value, { image }) => {
    assertInstanceOf(value, Uint8Array);
    const bytes = value as Uint8Array<ArrayBuffer>;
    assertEquals(String(await Digest.fromBytes(bytes)), image.digest);
  }),
  "oras.PushBytes(ctx, pusher, mediaType, bytes)": is({
    mediaType: "text/plain",
    digest: DEMO,
    size: 11,
  }),
  "oras.TagBytes, TagBytesN": tagged("stable", "v1", "v2"),
  "content.Fetcher, Pusher, Resolver, Tagger, …": is(true),
  "content.ReadAll, FetchAll": is(NOTES),
  "content.NewVerifyReader(r, desc)": is("just a demo"),
  "content.Successors(ctx, fetcher, node)": given((value, { layer }) => {
    assertEquals(value, [EMPTY_DESCRIPTOR, layer]);
  }),
  "store.Predecessors(ctx, node)": isNote,
  "content.NewDescriptorFromBytes(mediaType, bytes)": is({
    mediaType: "text/plain",
    digest: DEMO,
    size: 11,
  }),
  "content.Successors in a loop of one's own": told(3),
  "memory.New()": (value) => assertInstanceOf(value, MemoryStore),
  "oci.New(root)": (value) => assertInstanceOf(value, LayoutStore),
  "oci.NewFromTar(ctx, path)": given(async (value, { image }) => {
    await using archive = value as OpenArchive;
    const { digest } = await archive.store.resolve("v1");
    assertEquals(digest, image.digest);
  }),
  "oci.Store.Tags": is(["v1"]),
  "oci.Store.Untag": given(async (_, { image, layout }) => {
    assertEquals(await Array.fromAsync(layout.listTags()), []);
    assert(await layout.exists(image));
  }),
  "oci.Store.Delete": given(async (_, { image, layout }) => {
    assertEquals(await layout.exists(image), false);
  }),
  "oci.Store.GC": has({ deleted: [] }),
  "file.New(workingDir)": given(async (_, { outdir }) => {
    const path = join(outdir, "notes.txt");
    assertEquals(await Deno.readTextFile(path), NOTES);
  }),
  "file.Store.Add(ctx, name, mediaType, path)": given((value, { layer }) => {
    assertEquals(value, layer);
  }),
  "file.Store.DisableOverwrite, AllowPathTraversalOnWrite": (value) =>
    assertInstanceOf(value, FileStore),
  "file.Store.TarReproducible": packed(({ layers }) => {
    assertEquals(layers[0]!.mediaType, MediaTypes.layerGzip);
  }),
  "file.Store.SkipUnpack": given(async (_, { outdir }) => {
    assert((await Deno.stat(join(outdir, "site"))).isFile);
  }),
  "registry.ParseReference(artifact)": has({ tag: "edge" }),
  "registry.Repositories(ctx, reg)": is([
    ...["team/app", "team/indexed", "team/packed"],
  ]),
  "registry.Tags(ctx, repo)": is(["stable", "v1"]),
  "registry.Referrers(ctx, store, desc, artifactType)": isNote,
  "remote.NewRegistry(name)": reaches,
  "Registry.Ping": is(undefined),
  "Registry.Repository(ctx, name), remote.NewRepository(ref)": (value) => {
    assertInstanceOf(value, Repository);
    assertEquals(String(value), "registry.example/team/app");
  },
  "Repository.PlainHTTP": (client) => {
    assertInstanceOf(client, RegistryClient);
    assertEquals(client.origin.protocol, "http:");
  },
  "Repository.TagListPageSize, ReferrerListPageSize": given(
    (value, { seen }) => {
      assertEquals(value, ["stable", "v1"]);
      assert(seen.length > 1, `${seen.length}`);
    },
  ),
  "Repository.ManifestMediaTypes": given((_, { seen }) => {
    const accept = seen.at(-1)!.headers.get("accept");
    assertEquals(accept, MediaTypes.manifest);
  }),
  "Repository.HandleWarning": reaches,
  "Repository.SetReferrersCapability(false)": has({
    capabilities: { referrers: false },
  }),
  "Repository.Fetch, Exists, Push": is("uploaded"),
  "Repository.FetchReference": given((value, { image }) =>
    has({ descriptor: image })(value)
  ),
  "Repository.PushReference": tagged("stable", "v1", "v2"),
  "Repository.Mount(ctx, desc, fromRepo, getContent)": is("mounted"),
  "Repository.Delete": tagged(),
  "Repository.Blobs(), Manifests()": is(true),
  "auth.StaticCredential(registry, cred)": async (value) => {
    const store = value as DockerConfig;
    assertEquals(await store.get("registry.example"), USER);
    assertEquals(await store.get("ghcr.io"), undefined);
  },
  "auth.Credential{RefreshToken}, {AccessToken}": async (value) => {
    const [refresh, access] = value as DockerConfig[];
    assertEquals(await refresh!.get("a"), { identityToken: "r" });
    assertEquals(await access!.get("a"), { registryToken: "a" });
  },
  "auth.Client{Client, Credential, Cache}": has({ status: 200 }),
  "auth.Client.Header, SetUserAgent": given(async (client, { seen }) => {
    await reaches(client);
    const { headers } = seen.at(-1)!;
    assertEquals(headers.get("x-team"), "blue");
    assertEquals(headers.get("user-agent"), "tool/1");
  }),
  "auth.WithScopes, AppendRepositoryScope": reaches,
  "credentials.NewStoreFromDocker(opts)": (value) =>
    assertInstanceOf(value, DockerConfig),
  "credentials.NewStore(path), NewFileStore(path)": is({
    username: "you",
    password: "pw",
  }),
  "credentials.NewNativeStore(suffix)": has({
    program: "docker-credential-pass",
  }),
  "credentials.NewMemoryStore()": given(async (_, { registry }) => {
    assertEquals(await registry.logout(), true);
  }),
  "credentials.NewStoreWithFallbacks(primary, …)": is(USER),
  "credentials.Login(ctx, store, reg, cred)": given(async (_, { config }) => {
    assertEquals(await new DockerConfig(config).get("registry.example"), USER);
  }),
  "credentials.Logout(ctx, store, name)": given(async (value, { config }) => {
    assertEquals(value, true);
    assertEquals(await new DockerConfig(config).get("ghcr.io"), undefined);
  }),
  "retry.NewClient(), retry.GenericPolicy{MaxRetry, MinWait, MaxWait}": (
    value,
  ) => assertEquals(typeof value, "function"),
  "errdef.ErrNotFound": is(true),
  "errdef.ErrInvalidReference": (value) =>
    assertInstanceOf(value, InvalidReferenceError),
  "errcode.ErrorResponse": at("0.code", "MANIFEST_UNKNOWN"),
  "content.ErrMismatchedDigest": (value) =>
    assertInstanceOf(value, DigestMismatchError),
};

Deno.test("the README's table for those who come from oras-go holds", async (t) => {
  const heading = "## Coming from oras-go";
  await runTable(t, { page: "oras/README.md", heading }, CHECKS, openScope);
});
