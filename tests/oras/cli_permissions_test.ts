import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  PERMISSION_GROUPS,
  permissionsOf,
} from "../../oras/commands/permissions.ts";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { runProgram } from "../_support/gantry.ts";

const CLONE = fileURLToPath(new URL("../../", import.meta.url));
const DIGEST =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";

/** A line for each command that asks for something; HOST stands for the registry. */
const LINES: readonly string[] = [
  "version",
  "completion bash",
  "hash work/hi.txt",
  "layer ls work/layer.tar.gz",
  "layer digest work/layer.tar.gz",
  "validate work/index.json",
  "push HOST/app:v1 hi.txt dist",
  "attach HOST/app:v1 --artifact-type a/b hi.txt",
  "resolve HOST/app:v1",
  "inspect --tags HOST/app:v1",
  "discover HOST/app:v1",
  "repo ls HOST",
  "repo tags HOST/app",
  "manifest fetch HOST/app:v1",
  "manifest fetch-config HOST/app:v1",
  `blob head HOST/app@${DIGEST}`,
  "auth whoami HOST",
  "tag HOST/app:v1 v2",
  "untag HOST/app:v2",
  "cp HOST/app:v1 HOST/other:v1",
  `blob cp HOST/app@${DIGEST} HOST/third`,
  "pull HOST/app:v1 -o out",
  `blob fetch -o out/blob HOST/app@${DIGEST}`,
  "manifest push HOST/app:v3 work/manifest.json",
  "blob push HOST/app hi.txt",
  "image append HOST/image:v1 dist -t v2",
  "manifest delete --force HOST/app:v3",
  `blob delete --force HOST/third@${DIGEST}`,
  "login HOST -u me --password-stdin",
  "logout HOST",
];

Deno.test("each command runs with the permissions of its group and no others", async () => {
  const { fetch } = createRegistry({
    authenticate: (name, password) =>
      name === "me" && password === "sesame" ? { name } : undefined,
  });
  await using box = await openSandbox(fetch);
  const { folder, host } = box;
  const home = folder.replace(/\/work$/, "");
  const temporary = `${home}/tmp`;
  await Deno.mkdir(temporary);
  const login = await box.gantry(
    ["login", host, "-u", "me", "--password-stdin"],
    { stdin: "sesame" },
  );
  assertEquals(login.code, 0, login.stderr);
  await box.write("hi.txt", "hi\n");
  await box.write("dist/a.txt", "one");
  await box.write("work/hi.txt", "hi\n");
  await box.ok("layer", "pack", "dist", "-o", "work/layer.tar.gz");
  const config = "application/vnd.oci.image.config.v1+json";
  const rootfs = { type: "layers", diff_ids: [] };
  await box.write(
    "config.json",
    JSON.stringify({ architecture: "amd64", os: "linux", rootfs }),
  );
  const descriptor = JSON.parse(
    await box.ok(
      ...["blob", "push", "--descriptor", "--media-type", config],
      ...[`${host}/image`, "config.json"],
    ),
  );
  await box.write(
    "work/manifest.json",
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: descriptor,
      layers: [],
    }),
  );
  await box.write(
    "work/index.json",
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [],
    }),
  );
  await box.ok("manifest", "push", `${host}/image:v1`, "work/manifest.json");
  await box.ok("blob", "push", `${host}/app`, "config.json");

  const places: Readonly<Record<string, string>> = {
    registry: host,
    credentials: `${home}/docker`,
    files: folder,
    output: `${folder}/out`,
    temporary,
  };
  for (const line of LINES) {
    const words = line.replaceAll("HOST", host).split(" ");
    const group = permissionsOf(`gantry ${words[0]}`) ??
      permissionsOf(`gantry ${words[0]} ${words[1]}`);
    const flags = group!.flags.map((flag) =>
      flag.replace(/<(\w+)>/, (_, name: string) => places[name]!)
    );
    const { code, stderr } = await runProgram([
      Deno.execPath(),
      ...["run", "--quiet", "--no-prompt", `--allow-read=${CLONE}`],
      ...flags,
      `${CLONE}cli.ts`,
      ...words,
    ], {
      cwd: folder,
      stdin: "sesame",
      env: { DOCKER_CONFIG: `${home}/docker`, TMPDIR: temporary },
    });
    assertEquals(code, 0, `gantry ${line}: ${stderr}`);
  }
});

Deno.test("README and help list the permissions of each group", async () => {
  const readme = await Deno.readTextFile(`${CLONE}README.md`);
  const known = new Set<string>();
  for (const { commands, flags } of PERMISSION_GROUPS) {
    const row = readme.split("\n").find((line) =>
      line.startsWith("|") &&
      commands.every((name) => line.includes(`\`${name}\``))
    );
    assertEquals(row === undefined, false, `no row has ${commands.join(", ")}`);
    for (const flag of flags) assertStringIncludes(row!, flag);
    for (const name of commands) known.add(name);
  }
  const { helpPage } = await import("../../oras/commands/help.ts");
  const { INSPECT } = await import("../../oras/commands/table_inspect.ts");
  const page = helpPage(INSPECT, "gantry inspect");
  assertStringIncludes(
    page,
    "Permissions under Deno:\n  --allow-net=<registry>",
  );
});
