import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { Digest } from "@gantry/oci/digest";
import {
  type ClientOptions,
  fixedCredentials,
  fromHandler,
  RegistryClient,
  type Repository,
  toSource,
} from "@gantry/oci/distribution";
import {
  createRegistry,
  issueTokens,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";
import { artifactManifest, encodeJson, MediaTypes } from "@gantry/oci/image";
import { Registry } from "@gantry/oci/oras";
import { RequestCounter } from "../../_support/count_requests.ts";
import { found } from "../../_support/programs.ts";

interface Counted {
  readonly counter: RequestCounter;
  readonly client: RegistryClient;
  readonly repository: Repository;
}

function counted(
  options: ClientOptions = {},
  server: RegistryServerOptions = {},
): Counted {
  const counter = new RequestCounter(createRegistry(server).fetch);
  const client = new RegistryClient("registry.example", {
    transport: fromHandler(counter.fetch),
    ...options,
  });
  return { counter, client, repository: client.repository("team/app") };
}

const TEXT = "some content";
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
  artifactManifest({
    artifactType: "application/vnd.example.note",
    subject: SUBJECT,
  }),
);
const mediaType = MediaTypes.manifest;

/** What is done with a repository, after what, and the requests that it takes. */
interface Count {
  readonly name: string;
  readonly before?: (counted: Counted) => Promise<unknown>;
  readonly run: (counted: Counted) => Promise<unknown>;
  readonly requests: readonly string[];
}

const pushBlob = ({ repository }: Counted) =>
  repository.blobs.push(BLOB, toSource(TEXT));
const putManifest = ({ repository }: Counted) =>
  repository.manifests.put("v1", MANIFEST, { mediaType });

const counts: readonly Count[] = [
  {
    name: "a new blob up",
    run: pushBlob,
    requests: ["HEAD blob 404", "POST uploads 202", "PUT upload 201"],
  },
  {
    name: "a blob that is there",
    before: pushBlob,
    run: pushBlob,
    requests: ["HEAD blob 200"],
  },
  {
    name: "a blob that is known to be new",
    run: ({ repository }) =>
      repository.blobs.push(BLOB, toSource(TEXT), { skipCheck: true }),
    requests: ["POST uploads 202", "PUT upload 201"],
  },
  {
    name: "a blob with a single POST",
    run: ({ repository }) =>
      repository.blobs.push(BLOB, toSource(TEXT), {
        skipCheck: true,
        singlePost: true,
      }),
    requests: ["POST uploads 201"],
  },
  {
    name: "a blob that is mounted",
    before: ({ client }) =>
      client.repository("team/base").blobs.push(BLOB, toSource(TEXT)),
    run: ({ repository }) =>
      repository.blobs.push(BLOB, toSource(TEXT), {
        mount: { from: "team/base" },
      }),
    requests: ["POST uploads 201"],
  },
  {
    name: "a blob that cannot be mounted",
    run: ({ repository }) =>
      repository.blobs.push(BLOB, toSource(TEXT), {
        mount: { from: "team/base" },
      }),
    // The answer to the mount is the session.
    requests: ["POST uploads 202", "PUT upload 201"],
  },
  {
    name: "a blob in three parts",
    run: ({ repository }) =>
      repository.blobs.push(BLOB, toSource(TEXT), {
        skipCheck: true,
        chunkSize: 4,
      }),
    requests: [
      "POST uploads 202",
      ...Array(3).fill("PATCH upload 202"),
      "PUT upload 201",
    ],
  },
  {
    name: "a blob down",
    before: pushBlob,
    run: async ({ repository }) =>
      await new Response(await repository.blobs.get(BLOB)).text(),
    requests: ["GET blob 200"],
  },
  { name: "a manifest up", run: putManifest, requests: ["PUT manifest 201"] },
  {
    name: "a manifest with ten more tags up",
    run: ({ repository }) =>
      repository.manifests.put(SUBJECT.digest, MANIFEST, {
        mediaType,
        tags: Array.from({ length: 10 }, (_, n) => `v${n}`),
      }),
    requests: ["PUT manifest 201"],
  },
  {
    name: "a referrer up",
    before: putManifest,
    run: ({ repository }) =>
      repository.manifests.put("note", NOTE, { mediaType }),
    requests: ["PUT manifest 201"],
  },
  {
    name: "a manifest down by tag",
    before: putManifest,
    run: ({ repository }) => repository.manifests.get("v1"),
    requests: ["GET manifest 200"],
  },
  {
    name: "a manifest down by digest",
    before: putManifest,
    run: ({ repository }) => repository.manifests.get(SUBJECT.digest),
    requests: ["GET manifest 200"],
  },
  {
    name: "a tag resolved",
    before: putManifest,
    run: ({ repository }) => repository.manifests.head("v1"),
    requests: ["HEAD manifest 200"],
  },
  {
    name: "tags listed",
    before: putManifest,
    run: ({ repository }) => Array.fromAsync(repository.tags.list()),
    requests: ["GET tags 200"],
  },
  {
    name: "referrers listed",
    run: ({ repository }) =>
      Array.fromAsync(repository.referrers.list(SUBJECT)),
    requests: ["GET referrers 200"],
  },
  {
    name: "a tag deleted",
    before: putManifest,
    run: ({ repository }) => repository.tags.delete("v1"),
    requests: ["DELETE manifest 202"],
  },
  {
    name: "a blob deleted",
    before: pushBlob,
    run: ({ repository }) => repository.blobs.delete(BLOB.digest),
    requests: ["DELETE blob 202"],
  },
];

for (const { before, name, requests, run } of counts) {
  Deno.test(`requests: ${name} costs ${requests.length}`, async () => {
    const registry = counted();
    await before?.(registry);
    registry.counter.take();
    await run(registry);
    assertEquals(registry.counter.take(), requests);
  });
}

Deno.test("requests: a token costs one, and is asked for once", async () => {
  const { counter, repository } = counted({
    credentials: fixedCredentials({ username: "me", password: "secret" }),
  }, {
    authenticate: (name, password) =>
      name === "me" && password === "secret" ? { name } : undefined,
    tokens: issueTokens(),
  });
  await repository.blobs.push(BLOB, toSource(TEXT));
  assertEquals(counter.take(), [
    "HEAD blob 401",
    "GET token 200",
    "HEAD blob 404",
    "POST uploads 202",
    "PUT upload 201",
  ]);
  await repository.manifests.put("v1", MANIFEST, { mediaType });
  await repository.manifests.get("v1");
  await new Response(await repository.blobs.get(BLOB)).text();
  assertEquals(counter.take(), [
    "PUT manifest 201",
    "GET manifest 200",
    "GET blob 200",
  ]);
});

Deno.test("requests: Registry.pull() by digest costs one per manifest and blob", async () => {
  const { counter } = counted();
  const registry = new Registry({
    hostname: "registry.example",
    transport: fromHandler(counter.fetch),
  });
  const files = ["a", "b", "c"].map((title) => ({ title, content: title }));
  const { descriptor } = await registry.push("team/app:v1", { files });
  counter.take();
  const outdir = await Deno.makeTempDir();
  try {
    await registry.pull(`team/app@${descriptor.digest}`, { outdir });
  } finally {
    await Deno.remove(outdir, { recursive: true });
  }
  assertEquals(counter.take(), [
    "GET manifest 200",
    ...Array(3).fill("GET blob 200"),
  ]);
});

Deno.test({
  name: "requests: Registry.push() costs no more than oras push",
  ignore: !found("oras"),
  async fn() {
    const { counter } = counted();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      counter.fetch,
    );
    const host = `127.0.0.1:${server.addr.port}`;
    const root = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(join(root, "a.txt"), "content");
      const { success } = await new Deno.Command("oras", {
        args: ["push", "--plain-http", `${host}/by/oras:v1`, "a.txt"],
        cwd: root,
        stdout: "null",
        stderr: "null",
      }).output();
      assert(success);
      const theirs = counter.take();
      await using registry = new Registry({ hostname: host, plainHttp: true });
      await registry.push("by/gantry:v1", { root, files: ["a.txt"] });
      const ours = counter.take();
      assert(
        ours.length <= theirs.length,
        `${ours.join(", ")} against ${theirs.join(", ")}`,
      );
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});
