import { createRegistry, issueTokens } from "@gantry/oci/distribution/server";
import type { Command } from "../../oras/commands/_command.ts";
import { PROGRAM } from "../../oras/commands/table.ts";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";

/** A command that does something, and the words that lead to it. */
export interface Leaf {
  readonly command: Command;
  readonly path: readonly string[];
}

/** Every command of the program that help lists. */
export function leavesOf(
  command: Command = PROGRAM,
  path: readonly string[] = [],
): readonly Leaf[] {
  if (command.hidden) return [];
  if (command.commands === undefined) return [{ command, path }];
  return command.commands.flatMap((child) =>
    leavesOf(child, [...path, child.name])
  );
}

const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";
const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

/**
 * A line for each command, in an order in which all succeed; HOST stands for the
 * registry, and what is on stdin follows where it matters.
 */
export const LINES: readonly (readonly [line: string, stdin?: string])[] = [
  ["version"],
  ["completion bash"],
  ["completion zsh"],
  ["completion fish"],
  ["completion powershell"],
  ["hash hi.txt"],
  ["layer ls layer.tar.gz"],
  ["layer digest layer.tar.gz"],
  ["layer diff empty dist"],
  ["layer diff empty dist -o out/diff.tar.gz"],
  ["layer pack dist -o out/layer.tar.gz"],
  ["layer unpack layer.tar.gz -o out/tree"],
  ["validate index.json"],
  ["validate HOST/image:v1"],
  ["htpasswd out/users me --password-stdin --cost 4", "sesame"],
  ["login HOST -u me --password-stdin", "sesame"],
  ["auth whoami HOST"],
  ["auth token HOST/app"],
  [`push HOST/app:v1 hi.txt dist -a ${CREATED}`],
  [`attach HOST/app:v1 --artifact-type a/b hi.txt -a ${CREATED}`],
  ["resolve HOST/app:v1"],
  ["inspect --tags HOST/app:v1"],
  ["discover HOST/app:v1"],
  ["repo ls HOST"],
  ["repo tags HOST/app"],
  ["manifest fetch HOST/app:v1"],
  ["manifest fetch-config HOST/image:v1"],
  [`blob head HOST/app@${HI}`],
  ["tag HOST/app:v1 v2"],
  ["untag HOST/app:v2"],
  ["cp HOST/app:v1 HOST/other:v1"],
  [`blob cp HOST/app@${HI} HOST/third`],
  ["pull HOST/app:v1 -o out"],
  [`blob fetch -o out/blob HOST/app@${HI}`],
  ["manifest push HOST/image:v3 manifest.json"],
  ["blob push HOST/app hi.txt"],
  ["image append HOST/image:v1 dist -t v2"],
  ["manifest index create HOST/image:all v1"],
  ["manifest index update HOST/image:all --add v2"],
  ["backup HOST/app:v1 -o out/backup.tar"],
  ["backup HOST/app:v1 -o out/backup"],
  ["restore HOST/restored:v1 --input out/backup.tar"],
  ["sync sync.json"],
  ["manifest delete --force HOST/image:v3"],
  [`blob delete --force HOST/third@${HI}`],
  ["logout HOST"],
];

/** What no line shows: it runs until it is told to end. */
export const ENDLESS = "serve";

/** A registry with one user, me, and files for all lines. */
export async function openWorkshop(): Promise<Sandbox> {
  const { fetch } = createRegistry({
    authenticate: (name, password) =>
      name === "me" && password === "sesame" ? { name } : undefined,
    tokens: issueTokens(),
  });
  const box = await openSandbox(fetch);
  const { host } = box;
  const login = await box.gantry(
    ["login", host, "-u", "me", "--password-stdin"],
    { stdin: "sesame" },
  );
  if (login.code !== 0) throw new Error(login.stderr);
  await box.write("hi.txt", "hi\n");
  await box.write("dist/a.txt", "one");
  await Deno.mkdir(`${box.folder}/empty`);
  await Deno.mkdir(`${box.folder}/out`);
  await box.ok("layer", "pack", "dist", "-o", "layer.tar.gz");
  const [layer] = JSON.parse(
    await box.ok("layer", "digest", "layer.tar.gz", "--format=json"),
  ).layers;
  const config = "application/vnd.oci.image.config.v1+json";
  await box.write(
    "config.json",
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [layer.diffId] },
    }),
  );
  await box.ok(
    ...["push", `${host}/image:v1`, "--config", `config.json:${config}`],
    "layer.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip",
    ...["-a", CREATED],
  );
  await box.ok(
    ...["manifest", "fetch", `${host}/image:v1`, "-o", "manifest.json"],
  );
  await box.write(
    "index.json",
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [],
    }),
  );
  await box.write(
    "sync.json",
    JSON.stringify({
      sync: [{
        source: `${host}/image:v1`,
        target: `${host}/synced:v1`,
        type: "image",
      }],
    }),
  );
  return box;
}
