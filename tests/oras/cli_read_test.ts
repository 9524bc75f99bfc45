import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";

const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";

async function pushed(): Promise<Sandbox & { name: string; digest: string }> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  const name = `${box.host}/team/app`;
  const { digest } = JSON.parse(
    await box.ok("push", `${name}:v1`, "hi.txt", "--format=json", "-a=k=<"),
  );
  return Object.assign(box, { name, digest });
}

Deno.test("resolve prints the digest, or the whole reference", async () => {
  await using box = await pushed();
  const { digest, name } = box;
  assertEquals(await box.ok("resolve", `${name}:v1`), `${digest}\n`);
  assertEquals(await box.ok("digest", `${name}@${digest}`), `${digest}\n`);
  assertEquals(
    await box.ok("resolve", "-l", `${name}:v1`),
    `${name}@${digest}\n`,
  );
});

Deno.test("tag adds tags, and repo tags lists them", async () => {
  await using box = await pushed();
  const { digest, name } = box;
  const lines = (await box.ok("tag", `${name}:v1`, "v2", "v3")).split("\n");
  assertEquals(lines[0], `Tagging [registry] ${name}@${digest}`);
  assertEquals(lines.slice(1).sort(), ["", "Tagged v2", "Tagged v3"]);
  await box.ok("push", `${name}:other`);
  const digestTag = digest.replace(":", "-");
  await box.ok("tag", `${name}:v1`, digestTag);
  assertEquals(
    await box.ok("repo", "tags", name),
    `other\n${digestTag}\nv1\nv2\nv3\n`,
  );
  assertEquals(
    JSON.parse(await box.ok("repo", "show-tags", name, "--format=json")),
    { tags: ["other", digestTag, "v1", "v2", "v3"] },
  );
  assertEquals(
    await box.ok("repo", "tags", name, "--last=v1"),
    "v2\nv3\n",
  );
  const same = await box.gantry(
    ["repo", "tags", `${name}:v2`, "--exclude-digest-tags"],
  );
  assertEquals(same.stdout, "v1\nv2\nv3\n");
  assertStringIncludes(same.stderr, digest);
});

Deno.test("repo ls lists repositories, and those below a name", async () => {
  await using box = await pushed();
  await box.ok("push", `${box.host}/team/b:1`);
  await box.ok("push", `${box.host}/zoo:1`);
  const { host } = box;
  assertEquals(await box.ok("repo", "ls", host), "team/app\nteam/b\nzoo\n");
  assertEquals(await box.ok("repository", "list", `${host}/team`), "app\nb\n");
  assertEquals(
    JSON.parse(await box.ok("repo", "ls", `${host}/team/`, "--format=json")),
    { registry: host, repositories: ["team/app", "team/b"] },
  );
  assertEquals(
    await box.ok("repo", "ls", host, "--last", "team/app"),
    "team/b\nzoo\n",
  );
});

Deno.test("manifest fetch prints bytes, descriptor or JSON, and saves to a file", async () => {
  await using box = await pushed();
  const { digest, name } = box;
  const raw = await box.ok("manifest", "fetch", `${name}:v1`);
  assert(raw.startsWith('{"schemaVersion":2,') && raw.endsWith("}"));
  assert(raw.includes('"k":"\\u003c"'));
  const pretty = await box.ok("manifest", "get", `${name}:v1`, "--pretty");
  assertEquals(
    pretty,
    `${JSON.stringify(JSON.parse(raw), null, 2).replace('"<"', '"\\u003c"')}\n`,
  );
  const { mediaType } = JSON.parse(raw);
  const descriptor = { mediaType, digest, size: raw.length };
  assertEquals(
    await box.ok("manifest", "show", `${name}:v1`, "--descriptor"),
    JSON.stringify(descriptor),
  );
  assertEquals(
    await box.ok("manifest", "fetch", `${name}:v1`, "-o", "m.json"),
    "",
  );
  assertEquals(await box.read("m.json"), raw);
  assertEquals(await box.ok("manifest", "fetch", `${name}:v1`, "-o-"), raw);
  const json = JSON.parse(
    await box.ok("manifest", "fetch", `${name}:v1`, "--format", "json"),
  );
  assertEquals(json, {
    reference: `${name}@${digest}`,
    ...descriptor,
    content: JSON.parse(raw),
  });
  assertEquals(Object.keys(json.content), Object.keys(json.content).sort());
});

Deno.test("manifest fetch refuses flags that contradict each other", async () => {
  await using box = await pushed();
  const cases: readonly [string[], string][] = [
    [
      ["--descriptor", "--format=json"],
      "--format, --descriptor cannot be used at the same time",
    ],
    [
      ["--output=-", "--descriptor"],
      "`--descriptor` cannot be used with `--output -` at the same time",
    ],
    [
      ["--password-stdin", "--identity-token-stdin"],
      "--identity-token-stdin, --password-stdin cannot be used at the same time",
    ],
    [
      ["--cert-file=x"],
      "--cert-file must be used in conjunction with --key-file",
    ],
    [["--ca-file=nofile"], "open nofile: no such file or directory"],
    [["--ca-file=hi.txt"], "no certificate in PEM form found in hi.txt"],
    [
      ["--resolve=foo"],
      'failed to parse resolve flag "foo": expecting host:port:address[:address_port]',
    ],
    [["-H", "s3cret"], 'invalid header: expecting the form "name: value"'],
    ...["s3cret\nX: 1", "s3\u2028cret", "s3\u007fcret"].map((
      value,
    ): [string[], string] => [
      ["-H", `X: ${value}`],
      "invalid header: the value of X has forbidden characters",
    ]),
  ];
  for (const [flags, message] of cases) {
    const { code, stderr } = await box.gantry(
      ["manifest", "fetch", `${box.name}:v1`, ...flags],
    );
    assertEquals({ code, stderr }, { code: 1, stderr: `Error: ${message}\n` });
  }
});

Deno.test("blob fetch prints or saves a blob, or prints its descriptor", async () => {
  await using box = await pushed();
  const blob = `${box.name}@${HI}`;
  assertEquals(await box.ok("blob", "fetch", blob, "--output", "-"), "hi\n");
  assertEquals(await box.ok("blob", "get", blob, "-o", "copy"), "");
  assertEquals(await box.read("copy"), "hi\n");
  const descriptor = {
    mediaType: "application/octet-stream",
    digest: HI,
    size: 3,
  };
  assertEquals(
    await box.ok("blob", "fetch", blob, "--descriptor"),
    JSON.stringify(descriptor),
  );
  assertEquals(
    await box.ok("blob", "fetch", blob, "--descriptor", "--pretty", "-o", "c2"),
    `${JSON.stringify(descriptor, null, 2)}\n`,
  );
  assertEquals(await box.read("c2"), "hi\n");
  for (
    const [args, message] of [
      [[blob], "either `--output` or `--descriptor` must be provided"],
      [
        [blob, "-o-", "--descriptor"],
        "`--output -` cannot be used with `--descriptor` at the same time",
      ],
      [[`${box.name}:v1`, "-o-"], "<name@digest>"],
    ] as const
  ) {
    const { code, stderr } = await box.gantry(["blob", "fetch", ...args]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, message);
  }
});

Deno.test("a reader that has enough ends the command without a message", async () => {
  await using box = await openSandbox(() =>
    Response.json({
      name: "a",
      tags: Array.from({ length: 50_000 }, (_, index) => `tag-${index}`),
    })
  );
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      '"$0" run -q -A "$1" repo tags "$2" | head -n 1',
      Deno.execPath(),
      fileURLToPath(new URL("../../cli.ts", import.meta.url)),
      `${box.host}/a`,
    ],
    env: { DOCKER_CONFIG: box.folder },
  });
  const { stderr, stdout } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([decode(stdout), decode(stderr)], ["tag-0\n", ""]);
});

Deno.test("--platform chooses from an index", async () => {
  await using box = await pushed();
  const { name } = box;
  const ofPlatform = async (architecture: string) => {
    const pushed = await box.ok(
      ...[
        "push",
        name,
        "--format=json",
        `--artifact-platform=linux/${architecture}`,
      ],
    );
    const { digest, mediaType, size } = JSON.parse(pushed);
    return { mediaType, digest, size, platform: { architecture, os: "linux" } };
  };
  const manifests = [await ofPlatform("amd64"), await ofPlatform("arm64")];
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
  const [host, ...path] = name.split("/");
  const put = await fetch(`http://${host}/v2/${path.join("/")}/manifests/all`, {
    method: "PUT",
    body: index,
    headers: { "content-type": mediaType },
  });
  assertEquals(put.status, 201);
  await put.body?.cancel();
  const { digest } = manifests[1]!;
  const flags = [`${name}:all`, "--platform", "linux/arm64"];
  assertEquals(await box.ok("resolve", ...flags), `${digest}\n`);
  const { config } = JSON.parse(await box.ok("manifest", "fetch", ...flags));
  assertEquals(config.mediaType, "application/vnd.oci.image.config.v1+json");
  assertStringIncludes(
    await box.ok("manifest", "fetch", ...flags, "--descriptor"),
    digest,
  );
  assertStringIncludes(
    await box.ok("pull", ...flags, "-o", "p"),
    digest.slice(7, 19),
  );
  const none = await box.gantry(
    ["resolve", `${name}:all`, "--platform=plan9/386"],
  );
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, "plan9/386");
});
