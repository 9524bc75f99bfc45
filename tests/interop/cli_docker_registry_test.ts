import { assertEquals } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import {
  type DockerRegistry,
  startDockerRegistry,
} from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";
const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";

/** Lines for both programs, in this order. The registry lists no referrers by itself. */
const LINES: readonly string[] = [
  `push HOST/a:2,3 hi.txt -a ${CREATED}`,
  `push HOST/a:4 d/x.txt -a ${CREATED}`,
  `attach HOST/a:2 hi.txt --artifact-type x/y -a ${CREATED}`,
  `attach HOST/a:2 d/x.txt --artifact-type x/z -a ${CREATED}`,
  "discover HOST/a:2",
  "discover HOST/a:2 --format json --artifact-type x/y",
  "discover HOST/a:2 --distribution-spec v1.1-referrers-tag",
  "repo tags HOST/a",
  "repo tags HOST/a --exclude-digest-tags",
  "repo ls HOST",
  "cp -r HOST/a:2 HOST/b:2",
  "discover HOST/b:2 --format json",
  "repo tags HOST/b",
  "cp -r HOST/a:2 --to-oci-layout lay:2",
  "cp -r --from-oci-layout lay:2 HOST/c:x",
  "repo tags HOST/c",
  "backup HOST/a:2 -o saved --include-referrers",
  "restore HOST/d --input saved",
  "discover HOST/d:2 --format json",
  "manifest delete HOST/d:2 --force",
  "repo tags HOST/d",
  "manifest index create HOST/a:ix 2 4",
  "manifest fetch HOST/a:ix",
  "blob push HOST/z hi.txt",
  `blob fetch HOST/z@${HI} --descriptor`,
  `blob fetch HOST/z@${HI} --output -`,
  `blob delete HOST/z@${HI} --force`,
  `blob delete HOST/z@${HI} --force`,
  "tag HOST/a:2 t1 t2",
  "resolve HOST/a:t2",
  "manifest delete HOST/a:t1 --force --descriptor",
  "repo tags HOST/a",
  "repo tags HOST/none",
  "pull HOST/b:2 --output out",
];

/** What a line prints; times are not compared, and transfers run at once. */
async function run(
  box: Sandbox,
  { host }: DockerRegistry,
  program: "gantry" | "oras",
  line: string,
): Promise<unknown> {
  const name = host.replace("127.0.0.1", "localhost");
  const args = line.split(" ").map((word) => word.replace("HOST", name));
  const { code, stderr, stdout } = await box[program](args);
  const lines = stdout.replaceAll(name, "HOST").replace(/ in [\d.]+m?s/, "")
    .split("\n").sort();
  return { code, stderr: stderr.replaceAll(name, "HOST"), lines };
}

Deno.test({
  name: "commands print with docker-registry what those of oras print",
  ignore: !(found("docker-registry") && found("oras")),
  async fn() {
    await using theirs = await openSandbox();
    await using ours = await openSandbox();
    await using theirRegistry = await startDockerRegistry();
    await using ourRegistry = await startDockerRegistry();
    for (const box of [theirs, ours]) {
      await box.write("hi.txt", "hi\n");
      await box.write("d/x.txt", "x\n");
    }
    for (const line of LINES) {
      assertEquals(
        await run(ours, ourRegistry, "gantry", line),
        await run(theirs, theirRegistry, "oras", line),
        line,
      );
    }
    assertEquals(await ours.read("out/hi.txt"), "hi\n");
  },
});
